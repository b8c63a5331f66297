import assert from "node:assert/strict";
import { test } from "node:test";
import { LEAVE, STATE } from "../../memory/layout.ts";
import { SYSTEM } from "./port.ts";
import { CAUSE, PRIVILEGE, STATUS, type Privilege } from "./privilege.ts";
import { BUDGET, createFixture, type HartFixture } from "./testing/hart-fixture.ts";

const INTERRUPT = 1n << 63n;
const HANDLER_M = 0x8000_1000n;
const HANDLER_S = 0x8000_2000n;

function prepared(privilege: Privilege, status = 0): HartFixture {
  const fixture = createFixture();
  fixture.csr("write", 0x305, HANDLER_M);
  fixture.csr("write", 0x105, HANDLER_S);
  fixture.csr("write", 0x300, BigInt(status));
  fixture.set(STATE.pc, 0x8000_0100n);
  fixture.enter(privilege);
  return fixture;
}

test("of all that are pending the first by priority is taken, machine level before supervisor level", () => {
  const fixture = prepared(PRIVILEGE.user);
  const { hart, set, get, enter } = fixture;
  set(STATE.mie, 0xaaan);
  for (const line of [1, 3, 5, 7, 9, 11]) hart.setInterrupt(line, true);
  for (const delegated of [0n, 0x222n, 0x200n]) {
    set(STATE.mideleg, delegated);
    const expected = [11, 3, 7, 9, 1, 5].sort((one, other) => level(one, delegated) - level(other, delegated));
    const taken: number[] = [];
    for (const _ of expected) {
      enter(PRIVILEGE.user);
      assert.equal(hart.takeInterrupt(), true);
      const isMachine = get(STATE.pc) === HANDLER_M;
      const cause = get(isMachine ? STATE.mcause : STATE.scause);
      assert.equal(cause >> 63n, 1n);
      assert.equal(isMachine ? 0 : 1, level(Number(cause & 63n), delegated));
      taken.push(Number(cause & 63n));
      hart.setInterrupt(Number(cause & 63n), false);
    }
    assert.deepEqual(taken, expected);
    for (const line of [1, 3, 5, 7, 9, 11]) hart.setInterrupt(line, true);
  }
});

/** 0 for an interrupt of machine level, 1 for a delegated one. */
function level(line: number, delegated: bigint): number {
  return Number((delegated >> BigInt(line)) & 1n);
}

/** Whether a delegated, or a not delegated, interrupt is taken: by privilege and the enable bit of its level. */
const ENABLES: readonly (readonly [privilege: Privilege, status: number, machine: boolean, supervisor: boolean])[] = [
  [PRIVILEGE.user, 0, true, true],
  [PRIVILEGE.supervisor, 0, true, false],
  [PRIVILEGE.supervisor, STATUS.sie, true, true],
  [PRIVILEGE.machine, STATUS.sie, false, false],
  [PRIVILEGE.machine, STATUS.mie | STATUS.sie, true, false],
];

for (const [privilege, status, machine, supervisor] of ENABLES)
  test(`in privilege ${privilege} with status ${status.toString(16)} machine interrupts are ${machine}, delegated ones ${supervisor}`, () => {
    for (const [delegated, isTaken] of [
      [0n, machine],
      [0x222n, supervisor],
    ] as const) {
      const { hart, set, get } = prepared(privilege, status);
      set(STATE.mie, 0x200n);
      set(STATE.mideleg, delegated);
      hart.setInterrupt(9, true);
      assert.equal(hart.interruptPending(), true);
      assert.equal(hart.takeInterrupt(), isTaken);
      assert.equal(get(STATE.pc), !isTaken ? 0x8000_0100n : delegated === 0n ? HANDLER_M : HANDLER_S);
    }
  });

test("an interrupt that is not enabled neither ends a wait nor is taken", () => {
  const { hart } = prepared(PRIVILEGE.user);
  hart.setInterrupt(7, true);
  assert.equal(hart.interruptPending(), false);
  assert.equal(hart.takeInterrupt(), false);
});

test("vectored handlers have a slot for each interrupt; exceptions go to the base", () => {
  const { hart, set, get } = prepared(PRIVILEGE.user);
  set(STATE.mtvec, HANDLER_M | 1n);
  set(STATE.mie, 0x80n);
  hart.setInterrupt(7, true);
  hart.takeInterrupt();
  assert.equal(get(STATE.pc), HANDLER_M + 28n);
  assert.equal(get(STATE.mcause), INTERRUPT | 7n);
  hart.system(SYSTEM.ebreak, 0);
  assert.equal(get(STATE.pc), HANDLER_M);
});

/** Ways in which a pending interrupt becomes deliverable: the slice ends at once, and what was retired stays. */
const ENABLING: readonly (readonly [string, (fixture: HartFixture) => void])[] = [
  ["a write to mstatus", ({ csr }) => void csr("set", 0x300, BigInt(STATUS.mie))],
  [
    "a write to mie",
    ({ csr, set, get }) => (
      set(STATE.mie, 0n),
      set(STATE.mstatus, get(STATE.mstatus) | 8n),
      void csr("set", 0x304, 0x80n)
    ),
  ],
  ["MRET", ({ hart }) => void hart.system(SYSTEM.mret, 0)],
  [
    "the wire",
    ({ hart, set, get }) => (
      hart.setInterrupt(7, false),
      set(STATE.mstatus, get(STATE.mstatus) | 8n),
      hart.setInterrupt(7, true)
    ),
  ],
];

for (const [name, enable] of ENABLING)
  test(`${name} that makes an interrupt deliverable ends the slice`, () => {
    const fixture = prepared(PRIVILEGE.machine);
    const { hart, set, int, view } = fixture;
    set(STATE.mie, 0x80n);
    hart.setInterrupt(7, true);
    view.setInt32(STATE.budget, BUDGET - 123, true);
    enable(fixture);
    assert.ok(int(STATE.budget) < 0);
    assert.equal(int(STATE.slice) - int(STATE.budget), 123);
    assert.equal(hart.takeInterrupt(), true);
  });

test("WFI waits where nothing is pending, and goes on where something is", () => {
  const { hart, set, get, int } = prepared(PRIVILEGE.supervisor);
  set(STATE.mie, 2n);
  set(STATE.mideleg, 2n);
  hart.setInterrupt(1, true);
  assert.equal(hart.system(SYSTEM.wfi, 0), 1);
  hart.setInterrupt(1, false);
  assert.equal(hart.system(SYSTEM.wfi, 0), 0);
  assert.deepEqual([int(STATE.leave), get(STATE.pc)], [LEAVE.wait, 0x8000_0104n]);
  assert.ok(int(STATE.budget) < 0);
});

test("the supervisor's timer comes when stimecmp says, and goes when it is set later", () => {
  const { csr, hart, time } = createFixture();
  const isTimerPending = (): boolean => (csr("read", 0x344).old & 0x20n) !== 0n;
  csr("write", 0x344, 0x20n);
  assert.equal(isTimerPending(), true, "software has it while there is no timer");
  csr("write", 0x14d, 1000n);
  csr("write", 0x30a, 1n << 63n);
  assert.equal(isTimerPending(), false);
  assert.equal(hart.nextTimer(), 1000);
  time.set(99_999);
  assert.equal(isTimerPending(), false);
  time.set(100_000);
  assert.equal(isTimerPending(), true);
  csr("clear", 0x344, 0x20n);
  assert.equal(isTimerPending(), true);
  csr("write", 0x14d, 2000n);
  assert.equal(isTimerPending(), false);
  csr("write", 0x14d, 10n);
  assert.equal(isTimerPending(), true);
  csr("write", 0x30a, 0n);
  assert.equal(isTimerPending(), false);
  assert.equal(hart.nextTimer(), Infinity);
});

/** Instructions that mstatus forbids the supervisor, and what forbids them. */
const FORBIDDEN: readonly (readonly [string, number, number])[] = [
  ["wfi", SYSTEM.wfi, STATUS.tw],
  ["sret", SYSTEM.sret, STATUS.tsr],
  ["sfence.vma", SYSTEM.sfenceVma, STATUS.tvm],
];

for (const [name, operation, field] of FORBIDDEN)
  test(`${name} is illegal for users, and for the supervisor where machine mode says so`, () => {
    for (const [privilege, status, isIllegal] of [
      [PRIVILEGE.user, 0, true],
      [PRIVILEGE.supervisor, field, true],
      [PRIVILEGE.supervisor, 0x70_0000 & ~field, false],
      [PRIVILEGE.machine, field, false],
    ] as const) {
      const { hart, set, get, int, poke } = prepared(privilege, status);
      poke(0x8000_0100, 0x1234_5673n);
      set(STATE.mcause, 0n);
      hart.system(operation, 3);
      assert.equal(int(STATE.mcause), isIllegal ? CAUSE.illegal : 0);
      if (isIllegal) assert.equal(get(STATE.mtval), 0x1234_5673n);
    }
  });
