/**
 * A disk in a qcow2 image (QEMU, docs/interop/qcow2.txt). A disk's cluster is found through two tables: L1 in memory, L2 in the cache.
 * Order of writes: data, then reference counts, then the entry that leads to it; what a crash leaves are unused clusters, never wrong ones.
 */

import type { BlockBackend } from "../../bus/port.ts";
import { VmError } from "../../error.ts";
import { clusterParts } from "../parts.ts";
import type { RandomAccessFile } from "../port.ts";
import { HEADER, invalidImage, readHeader, type BackingName, type Qcow2Header } from "./header.ts";
import { Mapping, usedRange, type Place } from "./mapping.ts";
import { Refcounts } from "./refcounts.ts";

/** What an image needs of its surroundings. */
export type Qcow2Options = {
  /**
   * Expands raw deflate data (RFC 1951), which may be followed by other bytes.
   * @param length bytes that come out: never more
   */
  readonly inflate: (bytes: Uint8Array, length: number) => Uint8Array;
  /** Opens the file that the image lies over: the name is hostile, and it is the caller's to say which files it may be. */
  readonly openBacking?: (backing: BackingName) => BlockBackend;
};

/**
 * Opens an image. Closing the disk closes the file and the backing disk.
 * @throws VmError `disk_invalid` where the image is damaged, asks for what is not known here, or lies over what can't be opened
 */
export function openQcow2Disk(file: RandomAccessFile, options: Qcow2Options): BlockBackend {
  const header = readHeader(file);
  if (header.damaged && !file.readOnly) throw invalidImage("was not closed properly, and can't be written to");
  const backing = header.backing === undefined ? undefined : openBacking(header.backing, options);
  if (!file.readOnly) clearAutoclear(file, header);
  return new Qcow2Disk({ file, header, inflate: options.inflate, backing });
}

function openBacking(name: BackingName, { openBacking: open }: Qcow2Options): BlockBackend {
  if (open === undefined) throw invalidImage(`lies over "${name.name}", and nobody may open that here`);
  return open(name);
}

/** Features that a writer who does not know them has to clear: what they promise is no longer so (bitmaps of changes). */
function clearAutoclear(file: RandomAccessFile, { version }: Qcow2Header): void {
  if (version < 3) return;
  const bits = new Uint8Array(8);
  file.read(HEADER.autoclear, bits);
  if (bits.some((byte) => byte !== 0)) file.write(HEADER.autoclear, bits.fill(0));
}

type Parts = {
  readonly file: RandomAccessFile;
  readonly header: Qcow2Header;
  readonly inflate: Qcow2Options["inflate"];
  readonly backing: BlockBackend | undefined;
};

class Qcow2Disk implements BlockBackend {
  readonly #parts: Parts;
  readonly #clusterBytes: number;
  readonly #refcounts: Refcounts;
  readonly #mapping: Mapping;
  /** The cluster that was expanded last: guests read less than a cluster at a time. */
  #expanded: { readonly offset: number; readonly bytes: Uint8Array } | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#clusterBytes = parts.header.clusterBytes;
    this.#refcounts = new Refcounts(parts.file, parts.header);
    this.#mapping = new Mapping(parts.file, parts.header, this.#refcounts);
  }

  get sizeBytes(): number {
    return this.#parts.header.sizeBytes;
  }

  get readOnly(): boolean {
    return this.#parts.file.readOnly;
  }

  read(offset: number, into: Uint8Array): void {
    for (const { cluster, within, from, length } of clusterParts(offset, into.length, this.#clusterBytes)) {
      this.#read(this.#mapping.find(cluster), { cluster, within }, into.subarray(from, from + length));
    }
  }

  write(offset: number, bytes: Uint8Array): void {
    this.#requireWritable();
    for (const { cluster, within, from, length } of clusterParts(offset, bytes.length, this.#clusterBytes)) {
      this.#write(cluster, within, bytes.subarray(from, from + length));
    }
  }

  zero(offset: number, length: number): void {
    this.#requireWritable();
    for (const part of clusterParts(offset, length, this.#clusterBytes)) {
      const whole =
        part.within === 0 &&
        (part.length === this.#clusterBytes || offset + part.from + part.length === this.sizeBytes);
      if (!whole || !this.#zeroCluster(part.cluster))
        this.#write(part.cluster, part.within, new Uint8Array(part.length));
    }
  }

  flush(): void {
    if (!this.readOnly) this.#parts.file.flush();
  }

  close(): void {
    this.#parts.file.close();
    this.#parts.backing?.close();
  }

  #read(place: Place, { cluster, within }: { cluster: number; within: number }, into: Uint8Array): void {
    if (place.kind === "data") this.#parts.file.read(place.offset + within, into);
    else if (place.kind === "zero") into.fill(0);
    else if (place.kind === "compressed") into.set(this.#expand(place).subarray(within, within + into.length));
    else this.#readBacking(cluster * this.#clusterBytes + within, into);
  }

  /** The disk below may be shorter: zeroes follow it. */
  #readBacking(offset: number, into: Uint8Array): void {
    const { backing } = this.#parts;
    const length = Math.min(into.length, Math.max(0, (backing?.sizeBytes ?? 0) - offset));
    if (length > 0) backing?.read(offset, into.subarray(0, length));
    into.fill(0, length);
  }

  #expand({ offset, length }: { offset: number; length: number }): Uint8Array {
    if (this.#expanded?.offset === offset) return this.#expanded.bytes;
    const compressed = new Uint8Array(length);
    this.#parts.file.read(offset, compressed);
    const bytes = this.#inflate(compressed);
    this.#expanded = { offset, bytes };
    return bytes;
  }

  #inflate(compressed: Uint8Array): Uint8Array {
    try {
      const bytes = this.#parts.inflate(compressed, this.#clusterBytes);
      if (bytes.length === this.#clusterBytes) return bytes;
    } catch (cause) {
      throw new VmError("disk_invalid", "The qcow2 image has compressed data that can't be expanded.", { cause });
    }
    throw invalidImage("has compressed data of a wrong length");
  }

  #write(cluster: number, within: number, bytes: Uint8Array): void {
    const place = this.#mapping.find(cluster);
    if (place.kind === "data" && place.own) return this.#parts.file.write(place.offset + within, bytes);
    const whole = new Uint8Array(this.#clusterBytes);
    if (bytes.length < whole.length) this.#read(place, { cluster, within: 0 }, whole);
    whole.set(bytes, within);
    const kept = place.kind === "zero" && place.own ? place.offset : 0;
    const offset = kept === 0 ? this.#refcounts.allocate() : kept;
    this.#parts.file.write(offset, whole);
    this.#mapping.set(cluster, { offset, zero: false });
    if (kept === 0) this.#release(place);
  }

  /** @returns false where the image has no way to say so */
  #zeroCluster(cluster: number): boolean {
    const place = this.#mapping.find(cluster);
    const { backing, header } = this.#parts;
    if (place.kind === "zero" || (place.kind === "none" && backing === undefined)) return true;
    if (header.version < 3 && backing !== undefined) return false;
    this.#mapping.set(cluster, { offset: 0, zero: header.version === 3 });
    this.#release(place);
    return true;
  }

  #release(place: Place): void {
    this.#expanded = undefined;
    const range = usedRange(place, this.#clusterBytes);
    if (range !== undefined) this.#refcounts.release(range.offset, range.length);
  }

  #requireWritable(): void {
    if (this.readOnly) throw new VmError("disk_failed", "The disk is read-only: open it for writing.");
  }
}
