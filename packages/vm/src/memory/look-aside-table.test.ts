import assert from "node:assert/strict";
import { test } from "node:test";
import { SECOND_TLB, TLB } from "./layout.ts";
import { emptyEntry, emptyTable } from "./look-aside-table.ts";

const TABLES: readonly (readonly [
  string,
  { readonly offset: number; readonly bytes: number },
  (page: number) => number,
])[] = [
  ["a first buffer", { offset: TLB.offset + TLB.tableBytes, bytes: TLB.tableBytes }, (page) => (page >>> 12) % 1024],
  ["a second buffer", { offset: SECOND_TLB.offset, bytes: SECOND_TLB.tableBytes }, secondIndex],
  [
    "the second buffer after it",
    { offset: SECOND_TLB.offset + SECOND_TLB.tableBytes, bytes: SECOND_TLB.tableBytes },
    secondIndex,
  ],
];

function secondIndex(page: number): number {
  return ((page >>> 12) ^ (page >>> SECOND_TLB.foldShift)) % 512;
}

for (const [title, { offset, bytes }, indexOf] of TABLES)
  for (const [way, empty] of [
    ["as a whole", (view: DataView): void => emptyTable(new Uint8Array(view.buffer, offset, bytes))],
    ["entry by entry", (view: DataView): void => forEachEntry(offset, bytes, (entry) => emptyEntry(view, entry))],
  ] as const)
    test(`an empty entry of ${title}, emptied ${way}, has a page that would be entered elsewhere`, () => {
      const view = new DataView(new ArrayBuffer(offset + bytes));
      empty(view);
      forEachEntry(offset, bytes, (entry) => {
        const page = view.getInt32(entry, true);
        assert.equal(page % 4096, 0);
        assert.notEqual(indexOf(page), (entry - offset) / TLB.entryBytes);
        assert.equal(view.getInt32(entry + 4, true), 0);
      });
    });

function forEachEntry(offset: number, bytes: number, act: (entry: number) => void): void {
  for (let entry = offset; entry < offset + bytes; entry += TLB.entryBytes) act(entry);
}
