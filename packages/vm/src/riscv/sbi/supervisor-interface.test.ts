import assert from "node:assert/strict";
import { test } from "node:test";
import { LEAVE, RAM_BASE, registerOffset, STATE } from "../../memory/layout.ts";
import { SYSTEM } from "../hart/port.ts";
import { CAUSE, PRIVILEGE } from "../hart/privilege.ts";
import { createFixture, RAM_BYTES, type HartFixture } from "../hart/testing/hart-fixture.ts";
import type { SbiReset } from "./port.ts";

const BASE = 0x10;
const TIME = 0x54494d45;
const IPI = 0x735049;
const RFENCE = 0x52464e43;
const HSM = 0x48534d;
const SRST = 0x53525354;
const DBCN = 0x4442434e;
const ALL = -1n;

type Served = HartFixture & {
  readonly output: string[];
  readonly resets: [SbiReset, boolean][];
  input: string;
  /** @returns a0 and a1, signed */
  readonly call: (extension: number, id: number, ...given: readonly (bigint | number)[]) => readonly [bigint, bigint];
};

function served(): Served {
  const output: string[] = [];
  const resets: [SbiReset, boolean][] = [];
  const fixture = createFixture({
    write: (bytes) => void output.push(new TextDecoder().decode(bytes)),
    read(into) {
      const bytes = new TextEncoder().encode(machine.input).subarray(0, into.length);
      into.set(bytes);
      machine.input = machine.input.slice(bytes.length);
      return bytes.length;
    },
    reset: (kind, isFailure) => void resets.push([kind, isFailure]),
  });
  const { set, register, hart } = fixture;
  const machine: Served = {
    ...fixture,
    output,
    resets,
    input: "",
    call(extension, id, ...given) {
      given.forEach((value, index) => set(registerOffset(10 + index), BigInt(value)));
      set(registerOffset(16), BigInt(id));
      set(registerOffset(17), BigInt(extension));
      assert.equal(hart.system(SYSTEM.ecall, 0), 0);
      return [BigInt.asIntN(64, register(10)), BigInt.asIntN(64, register(11))];
    },
  };
  return machine;
}

test("it is version 2.0, and says which extensions there are", () => {
  const { call, get } = served();
  assert.deepEqual(call(BASE, 0), [0n, 0x0200_0000n]);
  assert.equal(get(STATE.pc), BigInt(RAM_BASE) + 4n);
  for (const extension of [BASE, TIME, IPI, RFENCE, HSM, SRST, DBCN, 0, 1, 2, 8])
    assert.deepEqual(call(BASE, 3, extension), [0n, 1n]);
  for (const extension of [0x504d55, 3, 0x0900_0000]) assert.deepEqual(call(BASE, 3, extension), [0n, 0n]);
  for (const id of [4, 5, 6]) assert.deepEqual(call(BASE, id), [0n, 0n]);
});

/** Calls with what they give in a0. */
const ERRORS: readonly (readonly [string, number, number, (bigint | number)[], bigint])[] = [
  ["an extension that there isn't", 0x504d55, 0, [], -2n],
  ["a function that there isn't", BASE, 99, [], -2n],
  ["an interrupt for a hart that there isn't", IPI, 0, [2, 0], -3n],
  ["an interrupt for harts from another base on", IPI, 0, [1, 5], -3n],
  ["an interrupt for nobody", IPI, 0, [0, 5], 0n],
  ["to start the hart that runs", HSM, 0, [0], -6n],
  ["to start another hart", HSM, 0, [1], -3n],
  ["to stop the only hart", HSM, 1, [], -1n],
  ["the state of another hart", HSM, 2, [1], -3n],
  ["a suspension that loses registers", HSM, 3, [0x8000_0000], -2n],
  ["an unknown reset", SRST, 0, [3, 0], -3n],
  ["an unknown reason", SRST, 0, [0, 2], -3n],
  ["output from outside RAM", DBCN, 0, [8, 0x1000, 0], -3n],
  ["output from across the end of RAM", DBCN, 0, [8, RAM_BASE + RAM_BYTES - 4, 0], -3n],
  ["output from above 64 bits", DBCN, 0, [8, RAM_BASE, 1], -3n],
  ["more output than RAM", DBCN, 0, [ALL, RAM_BASE, 0], -3n],
  ["input to outside RAM", DBCN, 1, [8, 0x1000, 0], -3n],
];

for (const [name, extension, id, given, error] of ERRORS)
  test(`${name}: gives ${error}`, () => {
    const { call, output, resets } = served();
    assert.equal(call(extension, id, ...given)[0], error);
    assert.deepEqual([output, resets], [[], []]);
  });

test("the console writes from memory and reads into it, as many bytes as there are", () => {
  const machine = served();
  const address = RAM_BASE + 0x1000;
  machine.poke(address, 0x6f_6c6c_6568n);
  assert.deepEqual(machine.call(DBCN, 0, 5, address, 0), [0n, 5n]);
  assert.equal(machine.call(DBCN, 2, 0x121)[0], 0n);
  assert.deepEqual(machine.output, ["hello", "!"]);
  machine.input = "yes";
  assert.deepEqual(machine.call(DBCN, 1, 2, address, 0), [0n, 2n]);
  assert.equal(machine.peek(address) & 0xffffn, 0x6579n);
  assert.deepEqual(machine.call(DBCN, 1, 8, address, 0), [0n, 1n]);
  assert.deepEqual(machine.call(DBCN, 1, 8, address, 0), [0n, 0n]);
});

test("one call writes a bounded part of a long output, and says how much", () => {
  const { call, output } = served();
  assert.deepEqual(call(DBCN, 0, 0x2_0000, RAM_BASE, 0), [0n, 0x1_0000n]);
  assert.equal(output.join("").length, 0x1_0000);
});

test("the legacy console gives its result in a0 alone", () => {
  const machine = served();
  assert.equal(machine.call(1, 0, 0x41, 7)[1], 7n);
  assert.equal(machine.call(2, 0)[0], -1n);
  machine.input = "B";
  assert.equal(machine.call(2, 0)[0], 0x42n);
  assert.deepEqual(machine.output, ["A"]);
});

for (const [kind, given] of [
  ["shutdown", [0, 0]],
  ["cold-reboot", [1, 0]],
  ["warm-reboot", [2, 1]],
] as const)
  test(`the guest ends by ${kind}`, () => {
    const { call, resets, int } = served();
    call(SRST, 0, ...given);
    assert.deepEqual(resets, [[kind, given[1] === 1]]);
    assert.equal(int(STATE.leave), LEAVE.stop);
    assert.ok(int(STATE.budget) < 0);
  });

test("the timer interrupts the supervisor when its time has come", () => {
  const { call, set, time, hart, get, int } = served();
  set(STATE.mie, 0x20n);
  call(TIME, 0, 5);
  assert.equal(hart.interruptPending(), false);
  time.set(500);
  assert.equal(hart.interruptPending(), true);
  set(STATE.mstatus, get(STATE.mstatus) | 2n);
  assert.equal(hart.takeInterrupt(), true);
  assert.deepEqual([get(STATE.scause), int(STATE.privilege)], [(1n << 63n) | 5n, PRIVILEGE.supervisor]);
});

test("an interrupt to itself is pending until the supervisor clears it", () => {
  const { call, csr } = served();
  assert.equal(call(IPI, 0, 1, 0)[0], 0n);
  assert.equal(csr("clear", 0x144, 2n).old, 2n);
  assert.equal(csr("read", 0x144).old, 0n);
  call(IPI, 0, 0, ALL);
  assert.equal(csr("read", 0x144).old, 2n);
});

test("remote fences forget what the supervisor's own would", () => {
  const { call, load, int } = served();
  load(BigInt(RAM_BASE), 8);
  const generation = int(STATE.generation);
  assert.equal(call(RFENCE, 0, 1, 0)[0], 0n);
  assert.equal(call(RFENCE, 1, 1, 0, RAM_BASE, 4096)[0], 0n);
  assert.equal(int(STATE.generation), generation);
  assert.equal(call(RFENCE, 1, 1, 0, 0, 0)[0], 0n);
  assert.equal(int(STATE.generation), generation + 1);
  assert.equal(call(RFENCE, 2, 1, 0, 0, ALL, 3)[0], 0n);
  assert.equal(int(STATE.generation), generation + 2);
});

test("to suspend the hart waits as WFI does", () => {
  const { call, int } = served();
  assert.equal(call(HSM, 2, 0)[1], 0n);
  assert.equal(call(HSM, 3, 0)[0], 0n);
  assert.equal(int(STATE.leave), LEAVE.wait);
});

test("a call from user mode goes to the supervisor, and so does every exception of its own", () => {
  const { hart, enter, get, int, set } = served();
  enter(PRIVILEGE.user);
  hart.system(SYSTEM.ecall, 0);
  assert.deepEqual([get(STATE.scause), int(STATE.privilege)], [BigInt(CAUSE.environmentCall), PRIVILEGE.supervisor]);
  set(STATE.value, 0n);
  hart.system(SYSTEM.illegal, 0);
  assert.deepEqual([get(STATE.scause), int(STATE.privilege)], [BigInt(CAUSE.illegal), PRIVILEGE.supervisor]);
});
