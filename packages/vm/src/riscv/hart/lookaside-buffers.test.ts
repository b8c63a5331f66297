import assert from "node:assert/strict";
import { test } from "node:test";
import { MODE, RAM_OFFSET, SECOND_TLB, STATE, TLB, tlbOffset } from "../../memory/layout.ts";
import { emptyEntry } from "../../memory/look-aside-table.ts";
import { HartState } from "./hart-state.ts";
import { LookasideBuffers } from "./lookaside-buffers.ts";

const ADDRESS = 0x1234_5678;
const HIGH = 0x3f;
/** Has the same place in the first buffer, and another in the second. */
const RIVAL = ADDRESS + 0x40_0000;
const HOST = RAM_OFFSET + 0x678;

type Buffers = { readonly view: DataView; readonly buffers: LookasideBuffers };

function create(): Buffers {
  const state = new HartState(new WebAssembly.Memory({ initial: RAM_OFFSET / 2 ** 16 }));
  const buffers = new LookasideBuffers(state);
  state.setInt(STATE.mode, MODE.supervisor);
  return { view: state.view, buffers };
}

const FIRST = (kind: number): number =>
  tlbOffset(MODE.supervisor, kind) + ((ADDRESS >>> 12) & (TLB.entries - 1)) * TLB.entryBytes;

function second(kind: number, low: number): number {
  const index = ((low >>> 12) ^ (low >>> SECOND_TLB.foldShift)) & (SECOND_TLB.entries - 1);
  return SECOND_TLB.offset + MODE.supervisor * SECOND_TLB.modeBytes + kind + index * SECOND_TLB.entryBytes;
}

const pageAt = ({ view }: Buffers, entry: number): number => view.getInt32(entry, true);

const emptied = new DataView(new ArrayBuffer(RAM_OFFSET));

function isEmpty({ view }: Buffers, entry: number): boolean {
  emptyEntry(emptied, entry);
  return [0, 4, 8].every((at) => view.getInt32(entry + at, true) === emptied.getInt32(entry + at, true));
}
const page = (low: number): number => low & ~4095;

/** Fills in a page of one address space. */
function fillLocal({ buffers }: Buffers, kind: number, low: number, host: number): void {
  buffers.fill(kind, low, HIGH, host);
  buffers.noteLocal(kind, low);
}

test("a page that loses its place in the first buffer keeps the one in the second", () => {
  const made = create();
  made.buffers.fill(TLB.read, ADDRESS, HIGH, HOST);
  made.buffers.fill(TLB.read, RIVAL, HIGH, HOST + 4096);
  assert.equal(pageAt(made, FIRST(TLB.read)), page(RIVAL));
  assert.equal(pageAt(made, second(SECOND_TLB.read, ADDRESS)), page(ADDRESS));
  assert.equal(made.view.getInt32(second(SECOND_TLB.read, ADDRESS) + 4, true), HIGH);
  assert.equal(made.view.getInt32(second(SECOND_TLB.read, ADDRESS) + 8, true), HOST - ADDRESS);
});

test("a fetch table has no second buffer", () => {
  const made = create();
  made.buffers.fillFetch(ADDRESS, HIGH, 0x30_0000);
  for (const kind of [SECOND_TLB.read, SECOND_TLB.write]) assert.ok(isEmpty(made, second(kind, ADDRESS)));
});

for (const [name, forget] of [
  ["dropPage", (buffers) => buffers.dropPage(ADDRESS, HIGH)],
  ["dropWrites", (buffers) => buffers.dropWrites(HOST & ~4095)],
  ["flushTranslated", (buffers) => buffers.flushTranslated()],
  ["flushAll", (buffers) => buffers.flushAll()],
  ["flushKind", (buffers) => buffers.flushKind(TLB.write)],
  ["flushLocal", (buffers) => buffers.flushLocal()],
] satisfies readonly (readonly [string, (buffers: LookasideBuffers) => void])[])
  test(`${name} drops a page from both buffers`, () => {
    const made = create();
    fillLocal(made, TLB.write, ADDRESS, HOST);
    fillLocal(made, TLB.write, RIVAL, HOST + 4096);
    forget(made.buffers);
    assert.ok(isEmpty(made, second(SECOND_TLB.write, ADDRESS)));
    assert.notEqual(pageAt(made, FIRST(TLB.write)), page(ADDRESS));
  });

for (const count of [1, 40, 5000])
  test(`of ${count} pages of one address space none is left in the next one`, () => {
    const made = create();
    const lows = Array.from({ length: count }, (_, index) => index * 7 * 4096);
    for (const low of lows) fillLocal(made, TLB.read, low, RAM_OFFSET);
    made.buffers.flushLocal();
    const tables = [
      { offset: tlbOffset(MODE.supervisor, TLB.read), bytes: TLB.tableBytes },
      {
        offset: SECOND_TLB.offset + MODE.supervisor * SECOND_TLB.modeBytes + SECOND_TLB.read,
        bytes: SECOND_TLB.tableBytes,
      },
    ];
    for (const { offset, bytes } of tables)
      for (let entry = offset; entry < offset + bytes; entry += TLB.entryBytes) assert.ok(isEmpty(made, entry));
  });

test("a page of each address space stays in both buffers when another one comes, unless a local page had its place", () => {
  const made = create();
  made.buffers.fill(TLB.read, ADDRESS, HIGH, HOST);
  fillLocal(made, TLB.read, ADDRESS + 4096, HOST + 4096);
  made.buffers.flushLocal();
  assert.equal(pageAt(made, FIRST(TLB.read)), page(ADDRESS));
  assert.equal(pageAt(made, second(SECOND_TLB.read, ADDRESS)), page(ADDRESS));
  fillLocal(made, TLB.read, RIVAL, HOST);
  made.buffers.flushLocal();
  assert.ok(isEmpty(made, FIRST(TLB.read)));
  assert.equal(pageAt(made, second(SECOND_TLB.read, ADDRESS)), page(ADDRESS));
});
