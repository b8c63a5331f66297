import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { RAM_BASE, STATE } from "../../memory/layout.ts";
import { CAUSE, PRIVILEGE } from "./privilege.ts";
import { createFixture, RAM_BYTES, type HartFixture } from "./testing/hart-fixture.ts";

const FAULTS = {
  page: [CAUSE.loadPage, CAUSE.storePage, CAUSE.fetchPage],
  access: [CAUSE.loadAccess, CAUSE.storeAccess, CAUSE.fetchAccess],
} as const;

type Walk = {
  readonly levels: 3 | 4;
  readonly root: bigint;
  readonly access: 0 | 1 | 2;
  readonly isUser: boolean;
  readonly sum: boolean;
  readonly mxr: boolean;
};

type Flags = Readonly<Record<"valid" | "read" | "write" | "execute" | "user" | "accessed" | "dirty", boolean>>;

function flagsOf(entry: bigint): Flags {
  const bit = (index: bigint): boolean => ((entry >> index) & 1n) === 1n;
  const [valid, read, write, execute, user] = [bit(0n), bit(1n), bit(2n), bit(3n), bit(4n)];
  return { valid, read, write, execute, user, accessed: bit(6n), dirty: bit(7n) };
}

/** Step 3, with the bits that are reserved in each entry, and in those that lead to a table. */
function isUsable({ valid, read, write, execute, user, accessed, dirty }: Flags, entry: bigint): boolean {
  if (!valid || (!read && write) || entry >> 54n !== 0n) return false;
  return read || execute || !(user || accessed || dirty);
}

/** Steps 5 and 6: may this leaf be used so? */
function isPermitted({ read, write, execute, user }: Flags, { access, isUser, sum, mxr }: Walk): boolean {
  const isOpen = isUser ? user : !user || (access !== 2 && sum);
  return isOpen && [read || (mxr && execute), write, execute][access] === true;
}

/** The algorithm of section 4.3.2 with BigInts, step by step. Writes accessed and dirty bits through `poke`. */
function walk({ peek, poke }: HartFixture, address: bigint, want: Walk): bigint | "page" | "access" {
  const width = 12 + 9 * want.levels;
  if (BigInt.asUintN(64, BigInt.asIntN(width, address)) !== address) return "page";
  let table = want.root * 4096n;
  for (let level = want.levels - 1; level >= 0; level--) {
    const at = table + ((address >> BigInt(12 + 9 * level)) & 511n) * 8n;
    if (!isRam(at)) return "access";
    const entry = peek(Number(at));
    const flags = flagsOf(entry);
    if (!isUsable(flags, entry)) return "page";
    const base = ((entry >> 10n) & ((1n << 44n) - 1n)) * 4096n;
    if (flags.read || flags.execute) {
      const size = 1n << BigInt(12 + 9 * level);
      if (base % size !== 0n || !isPermitted(flags, want)) return "page";
      poke(Number(at), entry | 0x40n | (want.access === 1 ? 0x80n : 0n));
      return base + (address % size);
    }
    table = base;
  }
  return "page";
}

function isRam(address: bigint): boolean {
  return address >= BigInt(RAM_BASE) && address < BigInt(RAM_BASE + RAM_BYTES);
}

const TABLES = 6;
/** From this table on entries are leaves. */
const LAST_LEVEL = 2;
const FIRST_TABLE = BigInt(RAM_BASE / 4096) + 16n;

/** Entries that mostly lead from table to table and to pages of RAM at last, with some bit wrong now and then; by their table's number. */
const entry = fc
  .record({
    kind: fc.oneof(
      { weight: 12, arbitrary: fc.constant("right") },
      { weight: 1, arbitrary: fc.constantFrom("table", "leaf", "superpage", "outside", "random") },
    ),
    page: fc.nat(TABLES - 1),
    flags: fc.oneof(fc.nat(255), fc.constantFrom(0xcf, 0x0f, 0xdf, 0x1f, 0x5b)),
    random: fc.bigInt(0n, (1n << 64n) - 1n),
    reserved: fc.oneof({ weight: 30, arbitrary: fc.constant(0n) }, fc.constantFrom(1n << 54n, 1n << 61n, 1n << 63n)),
  })
  .map(({ kind, page, flags, random, reserved }) => (table: number) => {
    if (kind === "random") return random;
    if (kind === "outside") return (random & (((1n << 44n) - 1n) << 10n)) | BigInt(flags);
    const isTable = kind === "table" || (kind === "right" && table < LAST_LEVEL);
    if (isTable) {
      const next = kind === "right" ? table + 1 : page;
      return ((FIRST_TABLE + BigInt(next)) << 10n) | BigInt(flags & 0x20) | 1n | reserved;
    }
    const base = kind === "superpage" ? 0x80000n : FIRST_TABLE + BigInt(page);
    return (base << 10n) | BigInt(flags) | 3n | reserved;
  });

/** Indexes within tables: few, so that walks meet the same entries. */
const INDEXES = [0n, 1n, 510n, 511n] as const;
const index = fc.constantFrom(...INDEXES);

const TABLES_AT = Number(FIRST_TABLE) * 4096;
/** Addresses of the entries that are used. */
const SLOTS = INDEXES.flatMap((index) =>
  Array.from({ length: TABLES }, (_, table) => TABLES_AT + table * 4096 + Number(index) * 8),
);

const scenario = fc.record({
  entries: fc.array(entry, { minLength: SLOTS.length, maxLength: SLOTS.length }),
  levels: fc.constantFrom(3 as const, 4 as const),
  privilege: fc.constantFrom(PRIVILEGE.user, PRIVILEGE.supervisor),
  sum: fc.boolean(),
  mxr: fc.boolean(),
  accesses: fc.array(
    fc.record({
      indexes: fc.tuple(index, index, index, index),
      offset: fc.nat(511).map((word) => BigInt(word) * 8n),
      access: fc.constantFrom(0 as const, 1 as const, 2 as const),
      isCanonical: fc.constantFrom(true, true, true, false),
    }),
    { minLength: 4, maxLength: 8 },
  ),
});

type Access = { readonly indexes: readonly bigint[]; readonly offset: bigint; readonly isCanonical: boolean };

function addressOf({ indexes, offset, isCanonical }: Access, levels: 3 | 4): bigint {
  const packed = indexes.slice(4 - levels).reduce((address, part) => (address << 9n) | part, 0n);
  const signed = BigInt.asUintN(64, BigInt.asIntN(12 + 9 * levels, (packed << 12n) | offset));
  return isCanonical ? signed : signed ^ (1n << 50n);
}

/** Does the access, storing what is there already, as that may be a page table. @returns whether it was done */
function attempt({ load, store, fetch }: HartFixture, access: 0 | 1 | 2, address: bigint, value: bigint): boolean {
  if (access === 0) return load(address, 8) !== undefined;
  return access === 1 ? store(address, 8, value) : fetch(address);
}

test("translation, its faults and the bits that it sets are those of the specification's algorithm", () => {
  let allowed = 0;
  const fixture = createFixture();
  const { hart, set, get, int, peek, poke, enter } = fixture;
  fc.assert(
    fc.property(scenario, ({ entries, levels, privilege, sum, mxr, accesses }) => {
      for (let at = TABLES_AT; at < TABLES_AT + TABLES * 4096; at += 8) poke(at, 0n);
      entries.forEach((make, slot) => poke(SLOTS[slot] ?? 0, make(slot % TABLES)));
      set(STATE.mstatus, 0xa_0000_0000n | (BigInt(sum) << 18n) | (BigInt(mxr) << 19n));
      set(STATE.satp, (BigInt(levels + 5) << 60n) | FIRST_TABLE);
      hart.flushTranslations();
      for (const given of accesses) {
        const { access } = given;
        const address = addressOf(given, levels);
        const before = SLOTS.map((at) => peek(at));
        const isUser = privilege === PRIVILEGE.user;
        const expected = walk(fixture, address, { levels, root: FIRST_TABLE, access, isUser, sum, mxr });
        const after = SLOTS.map((at) => peek(at));
        const isAllowed = typeof expected === "bigint" && isRam(expected);
        const value = isAllowed ? peek(Number(expected)) : 0n;
        before.forEach((bits, slot) => poke(SLOTS[slot] ?? 0, bits));
        enter(privilege);
        set(STATE.mcause, 0n);
        assert.equal(attempt(fixture, access, address, value), isAllowed);
        const cause = FAULTS[expected === "page" ? "page" : "access"][access];
        assert.equal(int(STATE.mcause), isAllowed ? 0 : cause);
        if (!isAllowed) assert.equal(get(STATE.mtval), address);
        assert.deepEqual(
          SLOTS.map((at) => peek(at)),
          after,
        );
        allowed += Number(isAllowed);
      }
    }),
    { numRuns: 300 },
  );
  assert.ok(allowed > 100, `${allowed} accesses were allowed`);
});
