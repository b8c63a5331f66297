import assert from "node:assert/strict";
import { test } from "node:test";
import { STATE } from "../../memory/layout.ts";
import { CSR_TABLE } from "./csr-table.ts";
import { CAUSE, PRIVILEGE, STATUS } from "./privilege.ts";
import { BUDGET, createFixture } from "./testing/hart-fixture.ts";

const ALL = (1n << 64n) - 1n;
const XLEN_FIELDS = 0xa_0000_0000n;
const DIRTY = 1n << 63n;

/** What reads back after all ones, then after zeros, were written in machine mode; by name. The others are in a group below. */
const WRITABLE: readonly (readonly [name: string, ones: bigint, zeros: bigint])[] = [
  ["mstatus", 0x7e_79aan | XLEN_FIELDS | DIRTY, XLEN_FIELDS],
  ["sstatus", 0x0c_6122n | 0x2_0000_0000n | DIRTY, 0x2_0000_0000n],
  ["medeleg", 0xb3ffn, 0n],
  ["mideleg", 0x222n, 0n],
  ["mie", 0xaaan, 0n],
  ["mip", 0x222n, 0n],
  ["mcounteren", 0xffff_ffffn, 0n],
  ["scounteren", 0xffff_ffffn, 0n],
  ["mcountinhibit", 5n, 0n],
  ["menvcfg", DIRTY | 1n, 0n],
  ["senvcfg", 1n, 0n],
  ["mscratch", ALL, 0n],
  ["sscratch", ALL, 0n],
  ["mepc", ALL - 1n, 0n],
  ["sepc", ALL - 1n, 0n],
  ["mcause", ALL, 0n],
  ["scause", ALL, 0n],
  ["mtval", ALL, 0n],
  ["stval", ALL, 0n],
  ["stimecmp", ALL, 0n],
  ["pmpaddr3", (1n << 54n) - 1n, 0n],
  ["fflags", 0x1fn, 0n],
  ["frm", 7n, 0n],
  ["fcsr", 0xffn, 0n],
];

function numberOf(name: string): number {
  const found = CSR_TABLE.find((register) => register.name === name);
  assert.ok(found, name);
  return found.number;
}

for (const [name, ones, zeros] of WRITABLE)
  test(`${name} keeps of what is written the bits that it has`, () => {
    const { csr, set, get, hart } = createFixture();
    const number = numberOf(name);
    if (number < 4) {
      set(STATE.mstatus, get(STATE.mstatus) | BigInt(STATUS.fs));
      hart.recomputeMode();
    }
    csr("write", number, ALL);
    assert.equal(csr("read", number).old, ones);
    assert.equal(csr("clear", number, ALL).old, ones);
    assert.equal(csr("read", number).old, zeros);
    csr("set", number, ALL);
    assert.equal(csr("read", number).old, ones);
    csr("writeOnly", number, 0n);
    assert.equal(csr("read", number).old, zeros);
  });

test("registers without a function read as 0, whatever is written", () => {
  const { csr } = createFixture();
  for (const { number, name, source } of CSR_TABLE.filter((register) => register.source.type === "zero")) {
    assert.equal(source.type, "zero");
    if (number >>> 10 !== 3) assert.equal(csr("write", number, ALL).result, 1, name);
    assert.deepEqual(csr("read", number), { result: 1, old: 0n }, name);
  }
});

test("misa says RV64IMAFDC with S and U, and cannot be changed", () => {
  const { csr } = createFixture();
  csr("write", 0x301, 0n);
  assert.equal(csr("read", 0x301).old, (2n << 62n) | 0x14_112dn);
});

test("each number is accessible from exactly the privileges that it says, and writable where it says so", () => {
  const defined = new Map(CSR_TABLE.map((register) => [register.number, register]));
  assert.equal(defined.size, CSR_TABLE.length, "numbers are unique");
  const fixture = createFixture();
  const { csr, set, get, int, enter } = fixture;
  for (const privilege of [PRIVILEGE.user, PRIVILEGE.supervisor, PRIVILEGE.machine])
    for (let number = 0; number < 4096; number++)
      for (const operation of ["read", "set"] as const) {
        set(STATE.mstatus, get(STATE.mstatus) | BigInt(STATUS.fs));
        set(STATE.mcounteren, 0xffff_ffffn);
        set(STATE.scounteren, 0xffff_ffffn);
        set(STATE.menvcfg, DIRTY);
        set(STATE.stimecmp, ALL);
        set(STATE.mcause, 0n);
        enter(privilege);
        csr(operation, number, 0n);
        const isAllowed =
          defined.has(number) && privilege >= ((number >>> 8) & 3) && (operation === "read" || number >>> 10 !== 3);
        const label = `0x${number.toString(16)} ${operation} from ${privilege}`;
        assert.equal(int(STATE.mcause), isAllowed ? 0 : CAUSE.illegal, label);
      }
});

/** Registers that are closed in privilege S or U unless something opens them. */
const GUARDED: readonly {
  readonly name: string;
  readonly privilege: 0 | 1;
  readonly closed: readonly (readonly [keyof typeof STATE, bigint])[];
}[] = [
  { name: "cycle", privilege: 1, closed: [["mcounteren", ALL - 1n]] },
  { name: "time", privilege: 1, closed: [["mcounteren", ALL - 2n]] },
  { name: "instret", privilege: 0, closed: [["scounteren", ALL - 4n]] },
  { name: "instret", privilege: 0, closed: [["mcounteren", ALL - 4n]] },
  { name: "hpmcounter31", privilege: 0, closed: [["scounteren", 0x7fff_ffffn]] },
  { name: "stimecmp", privilege: 1, closed: [["mcounteren", ALL - 2n]] },
  { name: "stimecmp", privilege: 1, closed: [["menvcfg", 0n]] },
  { name: "satp", privilege: 1, closed: [["mstatus", XLEN_FIELDS | BigInt(STATUS.tvm)]] },
  { name: "fcsr", privilege: 0, closed: [["mstatus", XLEN_FIELDS]] },
];

for (const { name, privilege, closed } of GUARDED)
  test(`${name} is closed to privilege ${privilege} by ${closed.map(([field]) => field).join()}`, () => {
    const { csr, set, enter, int } = createFixture();
    const open = (): void => {
      set(STATE.mcounteren, ALL);
      set(STATE.scounteren, ALL);
      set(STATE.menvcfg, DIRTY);
      set(STATE.stimecmp, ALL);
      set(STATE.mstatus, XLEN_FIELDS | BigInt(STATUS.fs));
      enter(privilege);
    };
    open();
    assert.equal(csr("read", numberOf(name)).result, 1);
    open();
    for (const [field, value] of closed) set(STATE[field], value);
    enter(privilege);
    assert.equal(csr("read", numberOf(name)).result, 0);
    assert.equal(int(STATE.mcause), CAUSE.illegal);
  });

test("MPP cannot hold privilege 2, and keeps what it had", () => {
  const { csr } = createFixture();
  csr("write", 0x300, 1n << 11n);
  csr("write", 0x300, 2n << 11n);
  assert.equal((csr("read", 0x300).old >> 11n) & 3n, 1n);
});

test("trap vectors with a reserved mode are not taken over", () => {
  const { csr } = createFixture();
  for (const number of [0x105, 0x305]) {
    csr("write", number, 0x8000_0001n);
    csr("write", number, 0x9000_0002n);
    csr("write", number, 0x9000_0003n);
    assert.equal(csr("read", number).old, 0x8000_0001n);
  }
});

test("satp takes the modes bare, Sv39 and Sv48; a write with another one has no effect; identifiers of address spaces have 16 bits", () => {
  const { csr, int, code } = createFixture();
  for (const mode of [8n, 9n, 0n]) {
    const generation = int(STATE.generation);
    const { forgotten } = code;
    assert.equal(csr("write", 0x180, (mode << 60n) | (0xffffn << 44n) | 0x1234n).result, 0);
    assert.equal(csr("read", 0x180).old, (mode << 60n) | (0xffffn << 44n) | 0x1234n);
    assert.notEqual(int(STATE.generation), generation);
    assert.equal(code.forgotten, forgotten + 1);
  }
  for (const mode of [1n, 7n, 10n, 11n, 15n]) {
    assert.equal(csr("write", 0x180, (mode << 60n) | 0x9999n).result, 1);
    assert.equal(csr("read", 0x180).old, (0xffffn << 44n) | 0x1234n);
  }
});

test("what is not delegated neither shows in sie and sip nor is written there", () => {
  const { csr } = createFixture();
  csr("write", 0x303, 0x20n);
  csr("write", 0x304, 0xaaan);
  assert.equal(csr("read", 0x104).old, 0x20n);
  csr("clear", 0x104, ALL);
  assert.equal(csr("read", 0x304).old, 0xa8an);
  csr("set", 0x144, ALL);
  assert.equal(csr("read", 0x344).old, 0n);
  csr("write", 0x303, 0x222n);
  csr("set", 0x144, ALL);
  assert.equal(csr("read", 0x344).old, 2n);
});

test("a wire's external interrupt shows in mip, but setting other bits does not make it software's", () => {
  const { csr, hart } = createFixture();
  hart.setInterrupt(9, true);
  csr("set", 0x344, 2n);
  assert.equal(csr("read", 0x344).old, 0x202n);
  hart.setInterrupt(9, false);
  assert.equal(csr("read", 0x344).old, 2n);
});

test("a write that changes the mode leaves after the instruction, with rd written", () => {
  const { csr, get, int, poke, register } = createFixture();
  // csrrs t2, mstatus, t0
  poke(0x8000_0000, 0x3002a3f3n);
  const { result } = csr("set", 0x300, BigInt(STATUS.mprv));
  assert.equal(result, 0);
  assert.equal(int(STATE.mode), 4);
  assert.equal(get(STATE.pc), 0x8000_0004n);
  assert.equal(register(7), XLEN_FIELDS);
  assert.equal(csr("set", 0x340, 1n).result, 1, "a plain one goes on");
});

test("floating point is unusable until FS is Dirty: the first instruction makes it so and runs again", () => {
  const { csr, hart, int, set, get } = createFixture();
  const run = (bits: bigint): number => {
    set(STATE.value, bits);
    set(STATE.pc, 0x8000_0000n);
    return hart.system(12, 0);
  };
  const fadd = 0x02000053n;
  for (const fs of [1n, 2n]) {
    csr("write", 0x300, fs << 13n);
    assert.equal(int(STATE.floatEnabled), 0);
    assert.equal(run(fadd), 0);
    assert.equal(get(STATE.pc), 0x8000_0000n);
    assert.equal(int(STATE.floatEnabled), 1);
    assert.equal(csr("read", 0x300).old >> 63n, 1n);
  }
  csr("write", 0x300, 1n << 13n);
  run(0xffff_ffffn);
  assert.deepEqual([int(STATE.mcause), get(STATE.mtval)], [CAUSE.illegal, 0xffff_ffffn]);
  csr("write", 0x300, 0n);
  run(fadd);
  assert.deepEqual([int(STATE.mcause), get(STATE.mtval)], [CAUSE.illegal, fadd]);
});

test("fcsr is flags and rounding mode; the fast path is open while rounding is to nearest and inexact has accrued", () => {
  const { csr, int } = createFixture();
  csr("write", 0x300, 3n << 13n);
  csr("write", 0x003, 0x61n);
  assert.equal(csr("read", 0x001).old, 1n);
  assert.equal(csr("read", 0x002).old, 3n);
  assert.equal(int(STATE.floatFast), 0);
  csr("write", 0x002, 0n);
  assert.equal(int(STATE.floatFast), 1);
  csr("write", 0x001, 0x1en);
  assert.equal(int(STATE.floatFast), 0);
});

test("an operation with a rounding mode that is none is illegal, with the instruction's bits", () => {
  const { hart, float, poke, int, get } = createFixture();
  poke(0x8000_0000, 0x0200_5053n);
  assert.equal(hart.float(0), 1);
  float.result = 0;
  assert.equal(hart.float(0), 0);
  assert.deepEqual([int(STATE.mcause), get(STATE.mtval)], [CAUSE.illegal, 0x0200_5053n]);
});

test("counters count what was retired, from what is written on, and stand still while held", () => {
  const { csr, view, set } = createFixture();
  set(STATE.instret, 0xffff_fff0n);
  const retire = (count: number): void => view.setInt32(STATE.budget, BUDGET - count, true);
  retire(20);
  assert.equal(csr("read", 0xc00).old, 0x1_0000_0004n);
  csr("write", 0xb02, 0xffff_ffff_ffff_ffffn);
  retire(22);
  assert.equal(csr("read", 0xc02).old, 1n);
  assert.equal(csr("read", 0xb00).old, 0x1_0000_0006n);
  csr("write", 0x320, 4n);
  retire(30);
  assert.equal(csr("read", 0xb02).old, 1n);
  csr("write", 0xb02, 100n);
  retire(31);
  assert.equal(csr("read", 0xb02).old, 100n);
  csr("write", 0x320, 1n);
  retire(40);
  assert.equal(csr("read", 0xb02).old, 109n);
  assert.equal(csr("read", 0xb00).old, 0x1_0000_000fn);
});

test("time is the clock's, at 10 MHz", () => {
  const { csr, time } = createFixture();
  time.set(2 ** 40 * 100 + 250);
  assert.equal(csr("read", 0xc01).old, (1n << 40n) + 2n);
});
