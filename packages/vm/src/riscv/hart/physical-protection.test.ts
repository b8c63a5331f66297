import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { STATE, TLB } from "../../memory/layout.ts";
import { HartState } from "./hart-state.ts";
import { PhysicalProtection, SPLIT } from "./physical-protection.ts";
import { CAUSE, PRIVILEGE } from "./privilege.ts";
import { createFixture } from "./testing/hart-fixture.ts";

type Entry = { readonly config: number; readonly address: bigint };

/** Section 3.7.1 byte by byte: the first entry that matches any byte decides, and must match all. */
function expectedRights(entries: readonly Entry[], address: bigint, size: bigint, isMachine: boolean): number {
  for (const [number, { config, address: bound }] of entries.entries()) {
    const [start, end] = range(config, bound, entries[number - 1]?.address ?? 0n);
    if (start === end || address >= end || address + size <= start) continue;
    if (address < start || address + size > end) return 0;
    return isMachine && (config & 0x80) === 0 ? 7 : config & 7;
  }
  return isMachine ? 7 : 0;
}

function range(config: number, address: bigint, previous: bigint): readonly [bigint, bigint] {
  const matching = (config >> 3) & 3;
  if (matching === 0) return [0n, 0n];
  if (matching === 1) return [previous * 4n, previous < address ? address * 4n : previous * 4n];
  if (matching === 2) return [address * 4n, address * 4n + 4n];
  let size = 8n;
  for (let bit = 0n; ((address >> bit) & 1n) === 1n && bit < 54n; bit++) size *= 2n;
  const start = (address * 4n) & ~(size - 1n);
  return [start, start + size];
}

const bound = fc.oneof(
  fc.nat(0x2000).map((word) => 0x2000_0000n + BigInt(word)),
  fc.nat(12).map((ones) => 0x2000_0000n | ((1n << BigInt(ones)) - 1n)),
  fc.nat(4).map((page) => 0x2000_0000n + BigInt(page) * 0x400n),
  fc.constantFrom((1n << 54n) - 1n, (1n << 53n) - 1n, (1n << 33n) - 1n, 0n),
);
const config = fc.nat(0x9f).map((value) => ((value & 3) === 2 ? value | 1 : value) & 0x9f);

test("rights are those of the specification's rules, for accesses and for pages", () => {
  const { set, view } = createFixture();
  const state = new HartState({ buffer: view.buffer });
  const protection = new PhysicalProtection(state);
  const entries = fc.array(fc.record({ config, address: bound }), { minLength: 1, maxLength: 16 });
  const access = fc.record({ word: fc.nat(0x1fff), size: fc.constantFrom(1n, 2n, 4n, 8n), isMachine: fc.boolean() });
  fc.assert(
    fc.property(entries, fc.array(access, { minLength: 10, maxLength: 10 }), (given, accesses) => {
      for (let number = 0; number < 16; number++) {
        view.setUint8(STATE.pmpcfg + number, given[number]?.config ?? 0);
        set(STATE.pmpaddr + number * 8, given[number]?.address ?? 0n);
      }
      protection.compile();
      for (const { word, size, isMachine } of accesses) {
        const address = 0x8000_0000n + BigInt(word & -Number(size));
        const privilege = isMachine ? PRIVILEGE.machine : PRIVILEGE.supervisor;
        const expected = expectedRights(given, address, size, isMachine);
        assert.equal(protection.rights(Number(address), Number(size), privilege), expected);
        const page = protection.pageRights(Number(address) >>> 12, privilege);
        if (page !== SPLIT) assert.equal(page, expected);
      }
    }),
  );
});

test("a locked entry cannot be changed, nor the bound that its range starts at, and it binds machine mode", () => {
  const { csr, load, lookup, int, set } = createFixture();
  csr("write", 0x3b4, 0x2000_0000n);
  csr("write", 0x3b5, 0x2000_0400n);
  assert.equal(load(0x8000_0008n, 8), 0n);
  // Entry 5: locked, from entry 4 on, no rights.
  csr("write", 0x3a0, 0x88n << 40n);
  assert.equal(lookup(TLB.read, 0x8000_0008n), undefined, "what was allowed is forgotten");
  assert.equal(load(0x8000_0008n, 8), undefined);
  assert.equal(int(STATE.mcause), CAUSE.loadAccess);
  for (const number of [0x3b4, 0x3b5]) {
    const { old } = csr("read", number);
    csr("write", number, 0n);
    assert.equal(csr("read", number).old, old);
  }
  csr("write", 0x3b3, 5n);
  assert.equal(csr("read", 0x3b3).old, 5n);
  csr("write", 0x3a0, 0n);
  assert.equal(csr("read", 0x3a0).old, 0x88n << 40n);
  set(STATE.mcause, 0n);
  assert.equal(load(0x8000_1000n, 8), 0n);
});

test("reserved bits of a configuration are 0, and an entry that could only be written grants no writing", () => {
  const { csr } = createFixture();
  csr("write", 0x3a2, 0x1a_607fn);
  assert.equal(csr("read", 0x3a2).old, 0x18_001fn);
});

test("a page that entries split is checked at each access, and enters no look-aside buffer", () => {
  const { csr, enter, load, lookup, int } = createFixture();
  csr("write", 0x3b0, 0x2000_0001n);
  csr("write", 0x3b1, (1n << 54n) - 1n);
  // The first eight bytes: nothing; all else: everything.
  csr("write", 0x3a0, 0x1f12n);
  csr("write", 0x3a0, 0x1f10n);
  enter(PRIVILEGE.supervisor);
  assert.equal(load(0x8000_0010n, 8), 0n);
  assert.equal(lookup(TLB.read, 0x8000_0010n), undefined);
  assert.equal(load(0x8000_1010n, 8), 0n);
  assert.notEqual(lookup(TLB.read, 0x8000_1010n), undefined);
  enter(PRIVILEGE.supervisor);
  assert.equal(load(0x8000_0004n, 4), undefined);
  assert.equal(int(STATE.mcause), CAUSE.loadAccess);
});

test("without entries the lower modes may do nothing", () => {
  const { csr, enter, load, int } = createFixture();
  csr("write", 0x3a0, 0n);
  enter(PRIVILEGE.user);
  assert.equal(load(0x8000_0000n, 8), undefined);
  assert.equal(int(STATE.mcause), CAUSE.loadAccess);
});
