import assert from "node:assert/strict";
import { test } from "node:test";
import { MODE, MODE_COUNT, TLB, tlbOffset } from "../memory/layout.ts";
import { emptyTable } from "../memory/look-aside-table.ts";
import { FetchTables } from "./fetch-tables.ts";

const { user, supervisor } = MODE;

/** Empty tables, and what enters a page into them. */
function createTables(): { readonly tables: FetchTables; enter: (high: number, low: number, page: number) => void } {
  const buffer = new ArrayBuffer(TLB.offset + MODE_COUNT * TLB.modeBytes);
  for (let table = TLB.offset; table < buffer.byteLength; table += TLB.tableBytes)
    emptyTable(new Uint8Array(buffer, table, TLB.tableBytes));
  const view = new DataView(buffer);
  return {
    tables: new FetchTables(view),
    enter: (high, low, page) => {
      const entry = tlbOffset(user, TLB.fetch) + ((low >>> 12) & (TLB.entries - 1)) * TLB.entryBytes;
      view.setInt32(entry, low, true);
      view.setInt32(entry + 4, high, true);
      view.setInt32(entry + 8, page, true);
    },
  };
}

test("an address leads to the page that was entered for it, in its mode alone", () => {
  const { tables, enter } = createTables();
  assert.equal(tables.find(user, 0, 0), undefined);
  assert.equal(tables.find(user, -1, -1), undefined);
  enter(5, 0x7000_0000, 0x30_0000);
  assert.equal(tables.find(user, 0x7000_0ffe, 5), 0x30_0000);
  assert.equal(tables.find(user, 0x7000_0ffe, 4), undefined);
  assert.equal(tables.find(user, 0x7040_0ffe, 5), undefined, "another page of the same entry");
  assert.equal(tables.find(supervisor, 0x7000_0ffe, 5), undefined);
});

for (const [title, [high, low], [nextHigh, nextLow]] of [
  ["in the middle", [1, 0x1000], [1, 0x2000]],
  ["where addresses change their sign", [1, 0x7fff_f000], [1, -0x8000_0000]],
  ["where the upper half grows", [1, -0x1000], [2, 0]],
  ["from the last address to the first", [-1, -0x1000], [0, 0]],
] as const)
  test(`pages follow one another ${title}`, () => {
    const { tables, enter } = createTables();
    enter(high, low, 100);
    assert.equal(tables.after(user, low + 8, high), undefined);
    assert.equal(tables.afterPage(user, 100), undefined);
    enter(nextHigh, nextLow, 200);
    assert.equal(tables.after(user, low + 8, high), 200);
    assert.equal(tables.before(user, nextLow + 8, nextHigh), 100);
    assert.equal(tables.afterPage(user, 100), 200);
    assert.equal(tables.afterPage(user, 200), undefined);
  });

test("of a page that is in two places, either one says what comes after it", () => {
  const { tables, enter } = createTables();
  enter(0, 0x1000, 100);
  enter(0, 0x9000, 100);
  enter(0, 0xa000, 300);
  assert.equal(tables.afterPage(user, 100), 300);
});

test("a page that is forgotten is nowhere, and follows none", () => {
  const { tables, enter } = createTables();
  enter(0, 0x1000, 100);
  enter(0, 0x2000, 200);
  enter(0, 0x9000, 200);
  tables.forget(200);
  assert.deepEqual(
    [0x1000, 0x2000, 0x9000].map((low) => tables.find(user, low, 0)),
    [100, undefined, undefined],
  );
  assert.equal(tables.afterPage(user, 100), undefined);
});
