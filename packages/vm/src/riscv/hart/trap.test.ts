import assert from "node:assert/strict";
import { test } from "node:test";
import { MODE, STATE } from "../../memory/layout.ts";
import { SYSTEM } from "./port.ts";
import { CAUSE, PRIVILEGE, STATUS, type Privilege } from "./privilege.ts";
import { createFixture } from "./testing/hart-fixture.ts";

const PC = 0x8000_0100n;

for (const [cause, privilege] of [
  [8, PRIVILEGE.user],
  [9, PRIVILEGE.supervisor],
  [11, PRIVILEGE.machine],
] as const)
  test(`a call from privilege ${privilege} has cause ${cause}, and goes to machine mode, or where it is delegated to the supervisor`, () => {
    for (const delegated of [0n, 0xffffn]) {
      const { hart, csr, set, get, int, enter } = createFixture();
      csr("write", 0x302, delegated);
      set(STATE.mtvec, 0x8000_1000n);
      set(STATE.stvec, 0x8000_2000n);
      set(STATE.pc, PC);
      set(STATE.reservation, 5n);
      enter(privilege);
      assert.equal(hart.system(SYSTEM.ecall, 0), 0);
      const isSupervisor = delegated !== 0n && privilege !== PRIVILEGE.machine;
      assert.equal(get(STATE.pc), isSupervisor ? 0x8000_2000n : 0x8000_1000n);
      assert.equal(get(isSupervisor ? STATE.scause : STATE.mcause), BigInt(cause));
      assert.equal(get(isSupervisor ? STATE.sepc : STATE.mepc), PC);
      assert.equal(int(STATE.privilege), isSupervisor ? PRIVILEGE.supervisor : PRIVILEGE.machine);
      assert.equal(int(STATE.mode), isSupervisor ? MODE.supervisor : MODE.machine);
      assert.equal(int(STATE.reservation), 0);
      const field = isSupervisor ? (int(STATE.mstatus) >> 8) & 1 : (int(STATE.mstatus) >> 11) & 3;
      assert.equal(field, privilege);
    }
  });

/** mstatus before and after, in the order of the architecture's stack: enable, previous enable, previous privilege. */
const RETURNS: readonly {
  readonly name: string;
  readonly operation: number;
  readonly before: number;
  readonly after: number;
  readonly privilege: Privilege;
}[] = [
  {
    name: "mret to user",
    operation: SYSTEM.mret,
    before: STATUS.mpie | STATUS.mprv,
    after: STATUS.mie | STATUS.mpie,
    privilege: 0,
  },
  { name: "mret to supervisor", operation: SYSTEM.mret, before: 1 << 11, after: STATUS.mpie, privilege: 1 },
  {
    name: "mret to machine",
    operation: SYSTEM.mret,
    before: STATUS.mpp | STATUS.mprv | STATUS.mie,
    after: STATUS.mpie | STATUS.mprv,
    privilege: 3,
  },
  {
    name: "sret to user",
    operation: SYSTEM.sret,
    before: STATUS.spie | STATUS.mprv,
    after: STATUS.sie | STATUS.spie,
    privilege: 0,
  },
  {
    name: "sret to supervisor",
    operation: SYSTEM.sret,
    before: STATUS.spp | STATUS.sie,
    after: STATUS.spie,
    privilege: 1,
  },
];

for (const { name, operation, before, after, privilege } of RETURNS)
  test(`${name} unstacks enables and privilege, and goes on where it was told to`, () => {
    const { hart, set, get, int } = createFixture();
    set(STATE.mstatus, 0xa_0000_0000n | BigInt(before));
    set(STATE.mepc, 0x8000_3000n);
    set(STATE.sepc, 0x8000_3000n);
    hart.recomputeMode();
    assert.equal(hart.system(operation, 0), 0);
    assert.equal(get(STATE.mstatus), 0xa_0000_0000n | BigInt(after));
    assert.equal(int(STATE.privilege), privilege);
    assert.equal(get(STATE.pc), 0x8000_3000n);
  });

for (const [privilege, status, mode] of [
  [PRIVILEGE.user, STATUS.sum, MODE.user],
  [PRIVILEGE.supervisor, 0, MODE.supervisor],
  [PRIVILEGE.supervisor, STATUS.sum, MODE.supervisorUser],
  [PRIVILEGE.machine, STATUS.sum, MODE.machine],
  [PRIVILEGE.machine, STATUS.mprv, MODE.modified],
  [PRIVILEGE.machine, STATUS.mprv | STATUS.mpp, MODE.machine],
] as const)
  test(`privilege ${privilege} with status ${status.toString(16)} runs in mode ${mode}`, () => {
    const { set, int, enter } = createFixture();
    set(STATE.mstatus, BigInt(status));
    enter(privilege);
    assert.equal(int(STATE.mode), mode);
  });

test("mret below machine mode is illegal, as are operations that there are not", () => {
  const { hart, enter, int, set } = createFixture();
  for (const operation of [SYSTEM.mret, 99]) {
    enter(PRIVILEGE.supervisor);
    set(STATE.mcause, 0n);
    assert.equal(hart.system(operation, 0), 0);
    assert.equal(int(STATE.mcause), CAUSE.illegal);
  }
});

test("what a write would have made run next is told by the trap's value: an illegal instruction at a page's end is read from both", () => {
  const { hart, poke, set, get, enter } = createFixture();
  poke(0x8000_0ff8, 0x5673_0000_0000_0000n);
  poke(0x8000_1000, 0x1234n);
  enter(PRIVILEGE.user);
  set(STATE.pc, 0x8000_0ffen);
  hart.system(SYSTEM.mret, 0);
  assert.equal(get(STATE.mtval), 0x1234_5673n);
});
