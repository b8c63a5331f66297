import { SECOND_TLB, TLB } from "./layout.ts";

/** Empties an entry of a look-aside buffer, first or second: its tag becomes that of a page which is never entered there. */
export function emptyEntry(view: DataView, entry: number): void {
  const index = Math.floor(entry / TLB.entryBytes) % SECOND_TLB.entries;
  view.setInt32(entry, (index ^ FOREIGN) << 12, true);
  view.setInt32(entry + 4, 0, true);
  view.setInt32(entry + 8, 0, true);
}

/** What the index of an empty entry, of 9 bits, and the page number in its tag differ in: more than what second buffers fold into their index. */
const FOREIGN = 4;

/** A first buffer without entries; a second one is as its first half. */
const EMPTY = new Uint8Array(TLB.tableBytes);
for (let entry = 0; entry < TLB.tableBytes; entry += TLB.entryBytes) emptyEntry(new DataView(EMPTY.buffer), entry);

/** Empties a look-aside buffer, first or second. @param table all of its bytes */
export function emptyTable(table: Uint8Array): void {
  table.set(EMPTY.subarray(0, table.length));
}
