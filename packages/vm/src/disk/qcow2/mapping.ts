/** Where a disk's clusters are in the image: the L1 table, and the L2 tables that it leads to. */

import type { RandomAccessFile } from "../port.ts";
import { invalidImage, isInFile, type Qcow2Header } from "./header.ts";
import { viewOf, writeU64 } from "./numbers.ts";
import type { Refcounts } from "./refcounts.ts";
import { TableCache } from "./table-cache.ts";

/** Where a cluster of the disk is. */
export type Place =
  /** Nowhere: what is under the image shows through. */
  | { readonly kind: "none" }
  /** In a cluster of the image. @property own nobody else uses it: it may be written in place */
  | { readonly kind: "data"; readonly offset: number; readonly own: boolean }
  /** It reads as zeroes. @property offset of a cluster that is kept for it, 0: none */
  | { readonly kind: "zero"; readonly offset: number; readonly own: boolean }
  /** Compressed, at any byte of the image. */
  | { readonly kind: "compressed"; readonly offset: number; readonly length: number };

/** An entry to write: a cluster of the image (0: none), and whether it reads as zeroes whatever is there. */
export type Entry = { readonly offset: number; readonly zero: boolean };

/** Bits of an entry, in its upper and lower half. */
const COPIED = 0x8000_0000;
const COMPRESSED = 0x4000_0000;
const ZERO = 1;
const OFFSET_HIGH = 0x00ff_ffff;
const OFFSET_LOW = 0xffff_fe00;
const COMPRESSED_SECTOR_BYTES = 512;
const NOWHERE: Place = { kind: "none" };

type Link = { readonly offset: number; readonly own: boolean };

function readLink(table: DataView, at: number): Link {
  const high = table.getUint32(at);
  const low = table.getUint32(at + 4);
  return { offset: (high & OFFSET_HIGH) * 0x1_0000_0000 + ((low & OFFSET_LOW) >>> 0), own: (high & COPIED) !== 0 };
}

function writeLink(table: DataView, at: number, { offset, zero }: Entry): void {
  writeU64(table, at, offset);
  if (offset !== 0) table.setUint32(at, (table.getUint32(at) | COPIED) >>> 0);
  if (zero) table.setUint32(at + 4, table.getUint32(at + 4) | ZERO);
}

/** The two tables of an image. */
export class Mapping {
  readonly #file: RandomAccessFile;
  readonly #header: Qcow2Header;
  readonly #refcounts: Refcounts;
  readonly #l1: DataView;
  readonly #l2: TableCache;
  readonly #entriesPerTable: number;

  constructor(file: RandomAccessFile, header: Qcow2Header, refcounts: Refcounts) {
    this.#file = file;
    this.#header = header;
    this.#refcounts = refcounts;
    const bytes = new Uint8Array(header.l1Entries * 8);
    file.read(header.l1Offset, bytes);
    this.#l1 = viewOf(bytes);
    this.#l2 = new TableCache(file, header.clusterBytes);
    this.#entriesPerTable = header.clusterBytes / 8;
  }

  /** @param cluster of the disk; @throws VmError `disk_invalid` where the tables lead out of the image */
  find(cluster: number): Place {
    const { offset } = this.#tableOf(cluster);
    if (offset === 0) return NOWHERE;
    const table = this.#l2.open(offset);
    const at = (cluster % this.#entriesPerTable) * 8;
    const high = table.getUint32(at);
    if ((high & COMPRESSED) !== 0) return this.#compressed(high, table.getUint32(at + 4));
    return this.#standard(readLink(table, at), table.getUint32(at + 4));
  }

  /** Leads a cluster of the disk to another place, that is its own. */
  set(cluster: number, entry: Entry): void {
    const table = this.#ownTable(cluster);
    const at = (cluster % this.#entriesPerTable) * 8;
    this.#l2.write(table, { at, length: 8 }, (view) => writeLink(view, at, entry));
  }

  #standard(link: Link, low: number): Place {
    if (link.offset !== 0) this.#check(link.offset);
    if ((low & ZERO) !== 0 && this.#header.version === 3) return { kind: "zero", ...link };
    return link.offset === 0 ? NOWHERE : { kind: "data", ...link };
  }

  /** The entry's offset has 62 - (cluster bits - 8) bits; those above say how many sectors follow the first. */
  #compressed(high: number, low: number): Place {
    const highBits = 70 - this.#header.clusterBits - 32;
    const offset = (high & (2 ** highBits - 1)) * 0x1_0000_0000 + low;
    const sectors = ((high & (COMPRESSED - 1)) >>> highBits) + 1;
    if (offset >= this.#file.sizeBytes) throw invalidImage("has compressed data beyond its end");
    return {
      kind: "compressed",
      offset,
      length: sectors * COMPRESSED_SECTOR_BYTES - (offset % COMPRESSED_SECTOR_BYTES),
    };
  }

  #tableOf(cluster: number): Link {
    const link = readLink(this.#l1, this.#l1At(cluster));
    if (link.offset !== 0) this.#check(link.offset);
    return link;
  }

  #l1At(cluster: number): number {
    return Math.floor(cluster / this.#entriesPerTable) * 8;
  }

  /** The table that a cluster's entry is in, made or copied where it is not this disk's alone. @returns its offset */
  #ownTable(cluster: number): number {
    const link = this.#tableOf(cluster);
    if (link.offset !== 0 && link.own) return link.offset;
    const bytes = new Uint8Array(this.#header.clusterBytes);
    if (link.offset !== 0) this.#file.read(link.offset, bytes);
    const offset = this.#refcounts.allocate();
    this.#l2.create(offset, bytes);
    const at = this.#l1At(cluster);
    writeLink(this.#l1, at, { offset, zero: false });
    this.#file.write(this.#header.l1Offset + at, new Uint8Array(this.#l1.buffer, at, 8));
    if (link.offset !== 0) this.#refcounts.release(link.offset, this.#header.clusterBytes);
    return offset;
  }

  #check(offset: number): void {
    if (!isInFile(this.#file, offset, this.#header.clusterBytes))
      throw invalidImage("has a cluster at an impossible place");
  }
}

/** The range of the file that a place uses. @returns undefined where it uses none */
export function usedRange(
  place: Place,
  clusterBytes: number,
): { readonly offset: number; readonly length: number } | undefined {
  if (place.kind === "none" || place.offset === 0) return undefined;
  return { offset: place.offset, length: place.kind === "compressed" ? place.length : clusterBytes };
}
