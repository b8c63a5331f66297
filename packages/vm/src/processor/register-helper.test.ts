import assert from "node:assert/strict";
import { test } from "node:test";
import { HELPER } from "../ir/helpers.ts";
import { STATE, STATE_BYTES, STATE_OFFSET } from "../memory/layout.ts";
import { createFixture, type HartFixture } from "../riscv/hart/testing/hart-fixture.ts";
import { SYSTEM } from "../riscv/hart/port.ts";
import { PRIVILEGE, type Privilege, STATUS } from "../riscv/hart/privilege.ts";
import { INSTRUCTIONS } from "../riscv/isa/instructions.ts";
import { encodeCoreModule } from "./core-module.ts";

/** What the hart is like before, and what is asked of it. */
type Case = {
  readonly privilege: Privilege;
  readonly status: number;
  /** What software has set in mip, and what wires hold. */
  readonly pending: number;
  readonly lines: number;
  readonly enabled: number;
  readonly operation: number;
  readonly register: number;
  readonly value: bigint;
};

const [SSTATUS, MSTATUS, SIE] = [0x100, 0x300, 0x104];
const [SOFTWARE, TIMER] = [1 << 1, 1 << 5];

const STATUSES = [
  0,
  STATUS.sie,
  STATUS.fs | STATUS.spie | STATUS.mie,
  STATUS.sie | STATUS.fs | STATUS.sum | STATUS.mpp,
];
const PRIVILEGES = [PRIVILEGE.user, PRIVILEGE.supervisor, PRIVILEGE.machine];
const INTERRUPTS = [
  { pending: 0, lines: 0, enabled: TIMER },
  { pending: SOFTWARE, lines: 0, enabled: TIMER },
  { pending: SOFTWARE, lines: 0, enabled: SOFTWARE },
  { pending: 0, lines: TIMER, enabled: TIMER },
];

const STATES = STATUSES.flatMap((status) =>
  PRIVILEGES.flatMap((privilege) => INTERRUPTS.map((interrupts) => ({ status, privilege, ...interrupts }))),
);

const CASES: readonly Case[] = STATES.flatMap((state) =>
  [SSTATUS, MSTATUS, SIE, 0xabc].flatMap((register) =>
    [SYSTEM.csrRead, SYSTEM.csrWrite, SYSTEM.csrSet, SYSTEM.csrClear, SYSTEM.csrWriteOnly].flatMap((operation) =>
      [0n, 2n, 0x22n, 0x4_0002n, 0x1_0000_0002n].map((value) => ({ ...state, register, operation, value })),
    ),
  ),
);

/** The core's helper, for a fixture's hart. */
function coreHelper({ memory, hart }: HartFixture): {
  readonly access: (...values: number[]) => number;
  asked: number;
} {
  const helpers = Object.fromEntries(Object.keys(HELPER).map((name) => [name, () => 0]));
  const table = new WebAssembly.Table({ element: "anyfunc", initial: 1 });
  const system = (operation: number, argument: number): number => {
    helper.asked++;
    return hart.system(operation, argument);
  };
  const module = new WebAssembly.Module(encodeCoreModule(false, INSTRUCTIONS));
  const { exports } = new WebAssembly.Instance(module, { host: { memory, table, ...helpers, system } });
  const helper = { access: exports["accessRegister"] as (...values: number[]) => number, asked: 0 };
  return helper;
}

function enter({ set, enter: become }: HartFixture, { privilege, status, pending, lines, enabled, value }: Case): void {
  set(STATE.mstatus, BigInt(status) | (0xan << 32n));
  set(STATE.mideleg, BigInt(SOFTWARE | TIMER));
  set(STATE.mip, BigInt(pending));
  set(STATE.interruptLines, BigInt(lines));
  set(STATE.mie, BigInt(enabled));
  become(privilege);
  set(STATE.value, value);
}

test("a CSR instruction does what the slow side does; where a supervisor turns interrupts on or off, without it", () => {
  const fixture = createFixture();
  const helper = coreHelper(fixture);
  const state = new Uint8Array(fixture.memory.buffer, STATE_OFFSET, STATE_BYTES);
  const before = state.slice();
  const after = (each: Case, run: () => number): readonly [number, Uint8Array] => {
    state.set(before);
    enter(fixture, each);
    return [run(), state.slice()];
  };
  const quick = CASES.filter((each) => {
    const argument = each.register | (5 << 12);
    const expected = after(each, () => fixture.hart.system(each.operation, argument));
    helper.asked = 0;
    assert.deepEqual(
      after(each, () => helper.access(each.operation, argument)),
      expected,
      JSON.stringify({ ...each, value: Number(each.value) }),
    );
    return helper.asked === 0;
  });
  const isToggle = ({ privilege, register, operation, value, pending, lines, enabled }: Case): boolean =>
    privilege === PRIVILEGE.supervisor &&
    register === SSTATUS &&
    value === 2n &&
    (operation === SYSTEM.csrClear || (operation === SYSTEM.csrSet && ((pending | lines) & enabled) === 0));
  assert.deepEqual(quick, CASES.filter(isToggle));
});
