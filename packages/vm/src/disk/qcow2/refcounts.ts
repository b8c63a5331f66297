/** Who uses which cluster of an image: reference counts, and clusters to have. */

import { VmError } from "../../error.ts";
import type { RandomAccessFile } from "../port.ts";
import { HEADER, invalidImage, isInFile, REFCOUNT_TABLE_BYTES_MAX, type Qcow2Header } from "./header.ts";
import { readU64, viewOf, writeU64 } from "./numbers.ts";
import { TableCache } from "./table-cache.ts";

/**
 * Reference counts of an image. New clusters come from those that were freed since it was opened, or from the file's end: a search of
 * the whole table would have no bound that a hostile image respects.
 */
export class Refcounts {
  readonly #file: RandomAccessFile;
  readonly #header: Qcow2Header;
  readonly #blocks: TableCache;
  readonly #entriesPerBlock: number;
  #tableOffset: number;
  #table: DataView;
  /** The first cluster beyond the file's end, and clusters before that nobody uses. By number. */
  #end: number;
  readonly #free: number[] = [];

  constructor(file: RandomAccessFile, header: Qcow2Header) {
    this.#file = file;
    this.#header = header;
    this.#blocks = new TableCache(file, header.clusterBytes);
    this.#entriesPerBlock = (header.clusterBytes * 8) / 2 ** header.refcountOrder;
    this.#tableOffset = header.refcountTableOffset;
    const bytes = new Uint8Array(header.refcountTableClusters * header.clusterBytes);
    file.read(this.#tableOffset, bytes);
    this.#table = viewOf(bytes);
    this.#end = Math.ceil(file.sizeBytes / header.clusterBytes);
  }

  /** Takes a cluster that nobody uses. Its content is undefined. @returns its offset in the file */
  allocate(): number {
    const cluster = this.#free.pop() ?? this.#end++;
    this.#set(cluster, 1);
    return cluster * this.#header.clusterBytes;
  }

  /** Counts clusters that are in use from the start: for a new image. */
  claim(clusters: number): void {
    for (let cluster = 0; cluster < clusters; cluster++) this.#set(cluster, 1);
  }

  /** One user less of the clusters that a range of the file touches. */
  release(offset: number, length: number): void {
    const last = Math.floor((offset + length - 1) / this.#header.clusterBytes);
    for (let cluster = Math.floor(offset / this.#header.clusterBytes); cluster <= last; cluster++) {
      const count = this.#get(cluster);
      if (count === 0) throw invalidImage(`uses the cluster ${cluster} without counting it`);
      this.#set(cluster, count - 1);
      if (count === 1) this.#free.push(cluster);
    }
  }

  #get(cluster: number): number {
    const block = this.#block(cluster);
    return block === 0
      ? 0
      : readCount(this.#blocks.open(block), cluster % this.#entriesPerBlock, this.#header.refcountOrder);
  }

  #set(cluster: number, count: number): void {
    const block = this.#block(cluster) || this.#createBlock(cluster);
    const order = this.#header.refcountOrder;
    const entry = cluster % this.#entriesPerBlock;
    const place = { at: Math.floor((entry * 2 ** order) / 8), length: Math.max(1, 2 ** order / 8) };
    this.#blocks.write(block, place, (table) => writeCount(table, entry, { order, count }));
  }

  /** Offset of the block of counts that a cluster's is in; 0 where there is none. */
  #block(cluster: number): number {
    const at = Math.floor(cluster / this.#entriesPerBlock) * 8;
    const offset = at < this.#table.byteLength ? readU64(this.#table, at) : 0;
    if (offset !== 0 && !isInFile(this.#file, offset, this.#header.clusterBytes))
      throw invalidImage("has reference counts at an impossible place");
    return offset;
  }

  /** A new block counts itself, or has another one made that does. */
  #createBlock(cluster: number): number {
    const index = Math.floor(cluster / this.#entriesPerBlock);
    if (index * 8 >= this.#table.byteLength) this.#growTable(index);
    const existing = this.#block(cluster);
    if (existing !== 0) return existing;
    const own = this.#end++;
    const offset = own * this.#header.clusterBytes;
    this.#blocks.create(offset, new Uint8Array(this.#header.clusterBytes));
    this.#writeTable(index, offset);
    this.#set(own, 1);
    return offset;
  }

  #writeTable(index: number, offset: number): void {
    writeU64(this.#table, index * 8, offset);
    this.#file.write(this.#tableOffset + index * 8, new Uint8Array(this.#table.buffer, index * 8, 8));
  }

  /** Moves the table to the file's end, at least twice as large; the header names the new one before the old one is freed. */
  #growTable(index: number): void {
    const { clusterBytes } = this.#header;
    const old = { offset: this.#tableOffset, length: this.#table.byteLength };
    const clusters = Math.ceil(Math.max(old.length * 2, (index + 2) * 8) / clusterBytes);
    if (clusters * clusterBytes > REFCOUNT_TABLE_BYTES_MAX)
      throw new VmError("disk_failed", "The qcow2 image is full: use larger clusters.");
    const bytes = new Uint8Array(clusters * clusterBytes);
    bytes.set(new Uint8Array(this.#table.buffer));
    const first = this.#end;
    this.#end += clusters;
    this.#file.write(first * clusterBytes, bytes);
    this.#file.flush();
    this.#tableOffset = first * clusterBytes;
    this.#table = viewOf(bytes);
    this.#writeHeader(clusters);
    for (let cluster = first; cluster < first + clusters; cluster++) this.#set(cluster, 1);
    this.release(old.offset, old.length);
  }

  #writeHeader(clusters: number): void {
    const bytes = new Uint8Array(12);
    const view = viewOf(bytes);
    writeU64(view, 0, this.#tableOffset);
    view.setUint32(8, clusters);
    this.#file.write(HEADER.refcountTableOffset, bytes);
  }
}

/** Reads a count of 2^order bits; those below a byte begin at its lowest bit. */
export function readCount(block: DataView, entry: number, order: number): number {
  if (order === 6) return readU64(block, entry * 8);
  if (order === 5) return block.getUint32(entry * 4);
  if (order === 4) return block.getUint16(entry * 2);
  const bits = 2 ** order;
  const at = entry * bits;
  return (block.getUint8(at >> 3) >> (at & 7)) & (2 ** bits - 1);
}

/** Writes a count of 2^order bits. */
export function writeCount(block: DataView, entry: number, { order, count }: { order: number; count: number }): void {
  if (order === 6) writeU64(block, entry * 8, count);
  else if (order === 5) block.setUint32(entry * 4, count);
  else if (order === 4) block.setUint16(entry * 2, count);
  else writeBits(block, entry * 2 ** order, { bits: 2 ** order, count });
}

function writeBits(block: DataView, at: number, { bits, count }: { bits: number; count: number }): void {
  const mask = (2 ** bits - 1) << (at & 7);
  const others = block.getUint8(at >> 3) & ~mask;
  block.setUint8(at >> 3, others | ((count << (at & 7)) & mask));
}
