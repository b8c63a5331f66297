/** Tables of an image, one cluster each (L2 tables and blocks of reference counts), kept in memory and written through. */

import type { RandomAccessFile } from "../port.ts";
import { viewOf } from "./numbers.ts";

/** What one cache may hold: tables of 128 GiB of disk, at clusters of 64 KiB. */
const CACHE_BYTES = 16 * 1024 * 1024;

/** The least lately used table goes first. */
export class TableCache {
  readonly #file: RandomAccessFile;
  readonly #clusterBytes: number;
  readonly #tables = new Map<number, DataView>();
  readonly #tablesMax: number;

  constructor(file: RandomAccessFile, clusterBytes: number) {
    this.#file = file;
    this.#clusterBytes = clusterBytes;
    this.#tablesMax = Math.max(2, Math.floor(CACHE_BYTES / clusterBytes));
  }

  /** The table at a place of the file. To be changed by `write` only. */
  open(offset: number): DataView {
    const known = this.#tables.get(offset);
    if (known !== undefined) {
      this.#tables.delete(offset);
      this.#tables.set(offset, known);
      return known;
    }
    const bytes = new Uint8Array(this.#clusterBytes);
    this.#file.read(offset, bytes);
    return this.#keep(offset, viewOf(bytes));
  }

  /** Puts a whole table at a place of the file. */
  create(offset: number, bytes: Uint8Array): DataView {
    this.#file.write(offset, bytes);
    return this.#keep(offset, viewOf(bytes));
  }

  /** Changes a few bytes of a table. @param change fills them in */
  write(
    offset: number,
    place: { readonly at: number; readonly length: number },
    change: (table: DataView) => void,
  ): void {
    const table = this.open(offset);
    change(table);
    this.#file.write(offset + place.at, new Uint8Array(table.buffer, table.byteOffset + place.at, place.length));
  }

  /** The place is used for something else now. */
  forget(offset: number): void {
    this.#tables.delete(offset);
  }

  #keep(offset: number, table: DataView): DataView {
    this.#tables.delete(offset);
    for (const oldest of this.#tables.keys()) {
      if (this.#tables.size < this.#tablesMax) break;
      this.#tables.delete(oldest);
    }
    this.#tables.set(offset, table);
    return table;
  }
}
