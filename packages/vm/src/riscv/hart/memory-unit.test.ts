import assert from "node:assert/strict";
import { test } from "node:test";
import { RAM_BASE, RAM_OFFSET, STATE, TLB } from "../../memory/layout.ts";
import { SYSTEM } from "./port.ts";
import { CAUSE, PRIVILEGE, STATUS } from "./privilege.ts";
import { createFixture, DEVICE, RAM_BYTES, type HartFixture } from "./testing/hart-fixture.ts";

const PAGE = BigInt(RAM_BASE) + 0x10_0000n;
const TABLE = 0x8020_0000;
const V = 1n;
const R = 2n;
const W = 4n;
const X = 8n;
const U = 16n;
const G = 32n;
const RWX = V | R | W | X;

/** Sv39 with one table for each level: index 0 and on of the last one maps pages from `PAGE` on, with the flags given. */
function mapped(flags: readonly bigint[], privilege: 0 | 1 = PRIVILEGE.supervisor): HartFixture {
  const fixture = createFixture();
  const { poke, csr, enter } = fixture;
  poke(TABLE, (BigInt(TABLE + 4096) >> 2n) | V);
  poke(TABLE + 4096, (BigInt(TABLE + 8192) >> 2n) | V);
  flags.forEach((bits, page) => poke(TABLE + 8192 + page * 8, (((PAGE >> 12n) + BigInt(page)) << 10n) | bits));
  // A superpage of 2 MiB, at index 1.
  poke(TABLE + 4104, (0x80000n << 10n) | RWX);
  csr("write", 0x180, (8n << 60n) | BigInt(TABLE >>> 12));
  enter(privilege);
  return fixture;
}

const host = (address: bigint): number => Number(address) - RAM_BASE + RAM_OFFSET;

test("a load fills the read buffer alone, a store the write buffer alone; both say where the page is", () => {
  const { load, store, lookup, peek } = mapped([RWX]);
  assert.equal(load(0x123n, 1), 0n);
  assert.equal(lookup(TLB.read, 0x128n, 8), host(PAGE + 0x128n));
  assert.equal(lookup(TLB.write, 0x128n, 8), undefined);
  assert.equal(store(0x130n, 8, 0x1122_3344_5566_7788n), true);
  assert.equal(lookup(TLB.write, 0x128n, 8), host(PAGE + 0x128n));
  assert.equal(peek(Number(PAGE) + 0x130), 0x1122_3344_5566_7788n);
  assert.equal(lookup(TLB.read, 0x12cn, 8), undefined, "a misaligned access misses");
});

test("each mode has translations of its own", () => {
  const { load, lookup, enter, csr, set, get } = mapped([RWX, RWX | U]);
  load(0n, 8);
  enter(PRIVILEGE.user);
  assert.equal(lookup(TLB.read, 0n), undefined);
  assert.equal(load(0x1000n, 8), 0n);
  enter(PRIVILEGE.supervisor);
  assert.notEqual(lookup(TLB.read, 0n), undefined);
  assert.equal(lookup(TLB.read, 0x1000n), undefined);
  set(STATE.mstatus, get(STATE.mstatus) | BigInt(STATUS.sum));
  enter(PRIVILEGE.supervisor);
  assert.equal(lookup(TLB.read, 0n), undefined);
  assert.equal(load(0x1000n, 8), 0n);
  csr("clear", 0x100, BigInt(STATUS.sum));
  assert.equal(load(0x1000n, 8), undefined, "users' pages are closed again");
});

test("machine mode with MPRV accesses data as the mode it came from, and forgets when that is another one", () => {
  const { load, csr, enter, int } = mapped([RWX, RWX | U]);
  enter(PRIVILEGE.machine);
  csr("write", 0x300, BigInt(STATUS.mprv) | (1n << 11n));
  assert.equal(load(0n, 8), 0n);
  csr("write", 0x300, BigInt(STATUS.mprv));
  assert.equal(load(0x1000n, 8), 0n);
  assert.equal(load(0n, 8), undefined);
  assert.equal(int(STATE.mcause), CAUSE.loadPage);
});

test("MXR makes executable pages readable, until it is cleared", () => {
  const { load, csr, lookup } = mapped([V | X]);
  csr("set", 0x100, BigInt(STATUS.mxr));
  assert.equal(load(0n, 8), 0n);
  csr("clear", 0x100, BigInt(STATUS.mxr));
  assert.equal(lookup(TLB.read, 0n), undefined);
  assert.equal(load(0n, 8), undefined);
});

for (const size of [2, 4, 8])
  test(`misaligned accesses of ${size} bytes work, within a page and across two`, () => {
    const { load, store, peek } = mapped([RWX, RWX]);
    const value = BigInt.asUintN(size * 8, 0x8877_6655_4433_2211n);
    for (const address of [0x101n, 0xfffn, 0x1000n - BigInt(size) + 1n]) {
      assert.equal(store(address, size, value), true);
      assert.equal(load(address, size), value);
    }
    const last = (value >> BigInt(8 * (size - 2))) & 0xffn;
    assert.equal(peek(Number(PAGE) + 0xff8) >> 56n, last, "the first page got all bytes but one");
  });

test("a store across two pages, the second of which faults, stores nothing and names the second", () => {
  const { store, peek, get } = mapped([RWX, V | R]);
  assert.equal(store(0xffcn, 8, -1n), false);
  assert.deepEqual([get(STATE.mcause), get(STATE.mtval)], [15n, 0x1000n]);
  assert.equal(peek(Number(PAGE) + 0xff8), 0n);
});

test("a store across two pages makes both dirty, and drops the code of both", () => {
  const { store, code, physical } = createFixture();
  const first = Number(PAGE >> 12n);
  physical.takeDirty();
  code.open(first);
  code.open(first + 1);
  assert.equal(store(PAGE + 0xffen, 4, 0n), true);
  assert.deepEqual([...physical.takeDirty()], [first, first + 1]);
  assert.equal(code.pages.size, 0);
});

test("an access across the end of RAM faults", () => {
  const { load, store, get } = createFixture();
  const end = BigInt(RAM_BASE + RAM_BYTES);
  assert.equal(load(end - 4n, 8), undefined);
  assert.deepEqual([get(STATE.mcause), get(STATE.mtval)], [5n, end - 4n]);
  assert.equal(store(end - 1n, 2, 0n), false);
  assert.equal(get(STATE.mcause), 7n);
  assert.equal(load((1n << 64n) - 1n, 8), undefined, "nor does it wrap around");
});

test("devices are read and written at each access, and never enter a buffer", () => {
  const { load, store, lookup, device } = createFixture();
  assert.equal(load(BigInt(DEVICE), 4), 1n);
  assert.equal(load(BigInt(DEVICE) + 8n, 8), 2n);
  assert.equal(store(BigInt(DEVICE) + 4n, 2, 0x1_2345n), true);
  assert.deepEqual(device, { reads: [DEVICE, DEVICE + 8], writes: [[DEVICE + 4, 2, 0x2345n]] });
  assert.equal(lookup(TLB.read, BigInt(DEVICE)), undefined);
  assert.equal(lookup(TLB.write, BigInt(DEVICE)), undefined);
});

/** Accesses that no memory answers. */
const REFUSED: readonly (readonly [string, (fixture: HartFixture) => unknown, number])[] = [
  ["a misaligned load from a device", ({ load }) => load(BigInt(DEVICE) + 1n, 4), CAUSE.loadAccess],
  ["a misaligned store to a device", ({ store }) => store(BigInt(DEVICE) + 2n, 8, 0n), CAUSE.storeAccess],
  ["a load from nothing", ({ load }) => load(0x4000_0000n, 4), CAUSE.loadAccess],
  ["a store above all physical addresses", ({ store }) => store(1n << 63n, 1, 0n), CAUSE.storeAccess],
  ["a fetch from a device", ({ fetch }) => fetch(BigInt(DEVICE)), CAUSE.fetchAccess],
  ["an atomic operation on a device", (fixture) => atomic(fixture, BigInt(DEVICE)), CAUSE.storeAccess],
  ["a misaligned atomic operation", (fixture) => atomic(fixture, PAGE + 4n), CAUSE.storeMisaligned],
  ["a misaligned LR", (fixture) => atomic(fixture, PAGE + 4n, "loadReserved"), CAUSE.loadMisaligned],
  ["LR on a device", (fixture) => atomic(fixture, BigInt(DEVICE), "loadReserved"), CAUSE.loadAccess],
];

function atomic({ hart, set }: HartFixture, address: bigint, helper: "atomic" | "loadReserved" = "atomic"): number {
  set(STATE.address, address);
  return hart[helper](8);
}

for (const [name, run, cause] of REFUSED)
  test(`${name} traps with cause ${cause}`, () => {
    const fixture = createFixture();
    run(fixture);
    assert.equal(fixture.int(STATE.mcause), cause);
    assert.equal(fixture.device.reads.length + fixture.device.writes.length, 0);
  });

test("an atomic operation gets the host address, and the page may be written from then on", () => {
  const fixture = createFixture();
  assert.equal(atomic(fixture, PAGE + 8n), host(PAGE + 8n));
  assert.equal(fixture.lookup(TLB.write, PAGE + 8n, 8), host(PAGE + 8n));
  assert.deepEqual([...fixture.physical.takeDirty()], [Number(PAGE >> 12n)]);
});

test("a page that code is fetched from leaves the write buffers, whatever address it was written at", () => {
  const { store, fetch, lookup, code, poke, hart, enter } = mapped([RWX, RWX]);
  poke(TABLE + 8192 + 8, (PAGE >> 2n) | RWX);
  store(0n, 8, 1n);
  store(0x1000n, 8, 1n);
  assert.equal(fetch(0x10n), true);
  assert.equal(lookup(TLB.fetch, 0x10n), Number(PAGE >> 12n), "the entry holds what the code's pages gave");
  assert.equal(lookup(TLB.write, 0n), undefined);
  assert.equal(lookup(TLB.write, 0x1000n), undefined);
  assert.equal(store(0x1000n, 8, 2n), true);
  assert.equal(code.pages.size, 0, "a store drops the code");
  assert.notEqual(lookup(TLB.write, 0x1000n), undefined);
  hart.watchCode(Number(PAGE >> 12n));
  assert.equal(lookup(TLB.write, 0x1000n), undefined);
  enter(PRIVILEGE.machine);
});

test("pages that are written are dirty, those of page tables too; after that was asked the next write tells again", () => {
  const { store, load, physical, hart, lookup } = mapped([RWX, RWX]);
  physical.takeDirty();
  store(0n, 1, 1n);
  load(0x1000n, 1);
  const expected = [Number(PAGE >> 12n), (TABLE + 8192) >>> 12];
  assert.deepEqual([...physical.takeDirty()], expected);
  hart.watchWrites();
  assert.equal(lookup(TLB.write, 0n), undefined);
  store(1n, 1, 1n);
  assert.deepEqual([...physical.takeDirty()], [Number(PAGE >> 12n)]);
});

function fence({ hart, set }: HartFixture, address?: bigint): number {
  set(STATE.address, address ?? 0n);
  return hart.system(SYSTEM.sfenceVma, address === undefined ? 3 : 2);
}

test("SFENCE.VMA of an address drops that page alone, and leaves only where code may have run there", () => {
  const fixture = mapped([RWX, RWX]);
  const { load, store, fetch, lookup, int, set, code } = fixture;
  load(0n, 1);
  store(0n, 1, 0n);
  load(0x1000n, 1);
  const generation = int(STATE.generation);
  const { forgotten } = code;
  assert.equal(fence(fixture, 0x123n), 1);
  assert.deepEqual([lookup(TLB.read, 0n), lookup(TLB.write, 0n)], [undefined, undefined]);
  assert.notEqual(lookup(TLB.read, 0x1000n), undefined);
  assert.deepEqual([int(STATE.generation), code.forgotten], [generation, forgotten]);
  fetch(0n);
  assert.equal(fence(fixture, 0n), 0);
  assert.deepEqual([int(STATE.generation), code.forgotten], [generation + 1, forgotten + 1]);
  assert.equal(lookup(TLB.fetch, 0n), undefined);
  assert.equal(fence(fixture, 0n), 1, "code was forgotten already");
  set(STATE.address, 0n);
  fixture.hart.fetchParcel();
  assert.equal(fence(fixture, 0n), 0, "an instruction reached into it");
});

test("SFENCE.VMA of any address in a superpage drops the whole of it", () => {
  const fixture = mapped([RWX]);
  const { load, lookup } = fixture;
  load(0x20_3000n, 1);
  assert.equal(lookup(TLB.read, 0x20_3000n), RAM_OFFSET + 0x3000);
  fence(fixture, 0x3f_f000n);
  assert.equal(lookup(TLB.read, 0x20_3000n), undefined);
  load(0n, 1);
  fence(fixture, 0x3f_f000n);
  assert.notEqual(lookup(TLB.read, 0n), undefined, "no superpage is known any more");
});

test("SFENCE.VMA of all addresses, and another satp, leave machine mode's translations alone", () => {
  const fixture = mapped([RWX]);
  const { load, lookup, enter, csr } = fixture;
  load(0n, 1);
  enter(PRIVILEGE.machine);
  load(PAGE, 1);
  enter(PRIVILEGE.supervisor);
  assert.equal(fence(fixture), 0);
  assert.equal(lookup(TLB.read, 0n), undefined);
  load(0n, 1);
  csr("write", 0x180, 0n);
  assert.equal(lookup(TLB.read, 0n), undefined);
  enter(PRIVILEGE.machine);
  assert.notEqual(lookup(TLB.read, PAGE), undefined);
});

const SPACE = (8n << 60n) | BigInt(TABLE >>> 12);

type OtherSpace = { readonly name: string; readonly change: (fixture: HartFixture) => void };

const otherSpaces: readonly OtherSpace[] = [
  { name: "another identifier in satp", change: ({ csr }) => void csr("write", 0x180, SPACE | (5n << 44n)) },
  { name: "SFENCE.VMA of one address space", change: ({ hart }) => void hart.system(SYSTEM.sfenceVma, 1) },
];
for (const { name, change } of otherSpaces) {
  test(`${name} drops the pages that are not global, and leaves the others`, () => {
    const fixture = mapped([RWX, RWX | G]);
    const { load, store, fetch, lookup, int, code } = fixture;
    for (const page of [0n, 0x1000n]) {
      load(page, 1);
      store(page + 1n, 1, 0n);
    }
    const generation = int(STATE.generation);
    change(fixture);
    assert.equal(int(STATE.generation), generation + 1);
    for (const kind of [TLB.read, TLB.write]) {
      assert.equal(lookup(kind, 0n), undefined);
      assert.notEqual(lookup(kind, 0x1000n), undefined);
    }
    fetch(0x1000n);
    const { forgotten } = code;
    change(fixture);
    fixture.csr("write", 0x180, SPACE);
    assert.equal(code.forgotten, forgotten, "global code is known by its address still");
    assert.notEqual(lookup(TLB.fetch, 0x1000n), undefined);
    fetch(0n);
    change(fixture);
    assert.equal(code.forgotten, forgotten + 1);
    assert.equal(lookup(TLB.fetch, 0n), undefined);
  });

  test(`${name} drops nothing below a table that is global`, () => {
    const fixture = mapped([RWX]);
    fixture.poke(TABLE, fixture.peek(TABLE) | G);
    fixture.load(0n, 1);
    change(fixture);
    assert.notEqual(fixture.lookup(TLB.read, 0n), undefined);
  });

  test(`after ${name}, code that an instruction reaches into is found anew`, () => {
    const fixture = mapped([RWX]);
    const { hart, set, poke } = fixture;
    const parcel = (): number => {
      set(STATE.address, 0n);
      return hart.fetchParcel();
    };
    poke(Number(PAGE), 0x1111n);
    poke(Number(PAGE) + 4096, 0x2222n);
    assert.equal(parcel(), 0x1111);
    poke(TABLE + 8192, (((PAGE >> 12n) + 1n) << 10n) | RWX);
    assert.equal(parcel(), 0x1111, "nothing was fenced");
    change(fixture);
    assert.equal(parcel(), 0x2222);
    poke(TABLE + 8192, ((PAGE >> 12n) << 10n) | RWX);
    fence(fixture, 0n);
    assert.equal(parcel(), 0x1111);
    poke(TABLE + 8192, (((PAGE >> 12n) + 1n) << 10n) | RWX);
    set(STATE.generation, BigInt(fixture.int(STATE.generation) - 1));
    hart.stateRestored();
    assert.equal(parcel(), 0x2222, "another state");
  });
}

test("what one privilege may fetch says nothing of another", () => {
  const { hart, set, enter } = mapped([RWX]);
  set(STATE.address, 0n);
  assert.equal(hart.fetchParcel(), 0);
  enter(PRIVILEGE.user);
  set(STATE.address, 0n);
  assert.equal(hart.fetchParcel(), -1);
});

test("a piece of code is read at any address; where it can't be, the instruction at pc faults with that address", () => {
  const { hart, set, get, poke } = mapped([RWX, V | R]);
  poke(Number(PAGE) + 0xff8, 0xabcd_0000_0000_0000n);
  set(STATE.pc, 0xffen);
  set(STATE.address, 0xffen);
  assert.equal(hart.fetchParcel(), 0xabcd);
  set(STATE.address, 0x1000n);
  assert.equal(hart.fetchParcel(), -1);
  assert.deepEqual([get(STATE.mcause), get(STATE.mtval), get(STATE.mepc)], [12n, 0x1000n, 0xffen]);
});
