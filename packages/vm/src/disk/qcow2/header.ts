/** The header of a qcow2 image, version 2 and 3 (QEMU, docs/interop/qcow2.txt), read with distrust. */

import { VmError } from "../../error.ts";
import type { DiskFormat, RandomAccessFile } from "../port.ts";
import { readU64, viewOf } from "./numbers.ts";

/** Offsets of the header's fields, in bytes. */
export const HEADER = {
  magic: 0,
  version: 4,
  backingOffset: 8,
  backingLength: 16,
  clusterBits: 20,
  sizeBytes: 24,
  encryption: 32,
  l1Entries: 36,
  l1Offset: 40,
  refcountTableOffset: 48,
  refcountTableClusters: 56,
  snapshots: 60,
  snapshotsOffset: 64,
  incompatible: 72,
  compatible: 80,
  autoclear: 88,
  refcountOrder: 96,
  headerLength: 100,
} as const;

/** "QFI" and 0xfb: the first four bytes of every image. */
export const QCOW2_MAGIC = 0x5146_49fb;

/** Bytes of the header of version 2 and of version 3. */
export const HEADER_BYTES = { 2: 72, 3: 104 } as const;

/** Header extension that names the format of the backing file. */
export const BACKING_FORMAT_EXTENSION = 0xe279_2aca;

/** Bits of the incompatible features that images may have here: reference counts that may be wrong, and known damage. */
const INCOMPATIBLE = { dirty: 1, corrupt: 2 } as const;

/** Bounds, as QEMU has them: tables that one has to hold in memory. */
const L1_BYTES_MAX = 32 * 1024 * 1024;
/** Reference table: enough for 2^31 clusters. */
export const REFCOUNT_TABLE_BYTES_MAX: number = 8 * 1024 * 1024;
const NAME_BYTES_MAX = 1023;

/** The file that an image lies over. */
export type BackingName = {
  /** As the image says it: hostile. */
  readonly name: string;
  /** Absent: the image does not say. */
  readonly format?: DiskFormat;
};

/** What an image's header says, checked. */
export type Qcow2Header = {
  readonly version: 2 | 3;
  readonly clusterBits: number;
  readonly clusterBytes: number;
  /** Of the disk. */
  readonly sizeBytes: number;
  readonly l1Offset: number;
  readonly l1Entries: number;
  readonly refcountTableOffset: number;
  readonly refcountTableClusters: number;
  /** Bits of one reference count: 2^order. */
  readonly refcountOrder: number;
  readonly backing?: BackingName;
  /** Its reference counts can't be relied on: not for writing. */
  readonly damaged: boolean;
};

/** An error about an image, with the way out. */
export function invalidImage(problem: string): VmError {
  return new VmError(
    "disk_invalid",
    `The qcow2 image ${problem}. Check it with "qemu-img check", or convert it with "qemu-img convert -O qcow2".`,
  );
}

function require(condition: boolean, problem: string): void {
  if (!condition) throw invalidImage(problem);
}

/**
 * Reads and checks an image's header.
 * @throws VmError `disk_invalid` where it is none, asks for what is not known here, or is beyond its bounds
 */
export function readHeader(file: RandomAccessFile): Qcow2Header {
  const bytes = new Uint8Array(HEADER_BYTES[3]);
  file.read(0, bytes);
  const view = viewOf(bytes);
  require(view.getUint32(HEADER.magic) === QCOW2_MAGIC, "does not begin with a qcow2 header");
  const version = view.getUint32(HEADER.version);
  if (version !== 2 && version !== 3) throw invalidImage(`has version ${version}; 2 and 3 are known`);
  const clusterBits = view.getUint32(HEADER.clusterBits);
  require(clusterBits >= 9 && clusterBits <= 21, `has clusters of 2^${clusterBits} bytes; 2^9 to 2^21 are allowed`);
  require(view.getUint32(HEADER.encryption) === 0, "is encrypted");
  const tables = readTables(view, clusterBits);
  const features =
    version === 3 ? readFeatures(view) : { refcountOrder: 4, headerLength: HEADER_BYTES[2], damaged: false };
  const { headerLength, ...known } = features;
  const backing = readBacking(file, view, headerLength);
  return {
    version,
    clusterBits,
    clusterBytes: 2 ** clusterBits,
    ...tables,
    ...known,
    ...(backing === undefined ? {} : { backing }),
  };
}

type Tables = Pick<
  Qcow2Header,
  "sizeBytes" | "l1Offset" | "l1Entries" | "refcountTableOffset" | "refcountTableClusters"
>;

function readTables(view: DataView, clusterBits: number): Tables {
  const clusterBytes = 2 ** clusterBits;
  const sizeBytes = readU64(view, HEADER.sizeBytes);
  const l1Entries = view.getUint32(HEADER.l1Entries);
  const l1Offset = readU64(view, HEADER.l1Offset);
  const refcountTableOffset = readU64(view, HEADER.refcountTableOffset);
  const refcountTableClusters = view.getUint32(HEADER.refcountTableClusters);
  const bytesPerL2 = (clusterBytes / 8) * clusterBytes;
  require(sizeBytes <= Number.MAX_SAFE_INTEGER, "is larger than 2^53 bytes");
  require(l1Entries * 8 <= L1_BYTES_MAX, `has an L1 table of ${l1Entries} entries; ${L1_BYTES_MAX / 8} are allowed`);
  require(l1Entries >= Math.ceil(sizeBytes / bytesPerL2), "has an L1 table that is too short for its size");
  require(isPlace(l1Offset, clusterBytes) || l1Entries === 0, "has an L1 table at an impossible place");
  require(isPlace(refcountTableOffset, clusterBytes), "has a reference table at an impossible place");
  require(refcountTableClusters > 0 &&
    refcountTableClusters * clusterBytes <=
      REFCOUNT_TABLE_BYTES_MAX, `has a reference table of ${refcountTableClusters} clusters; ${REFCOUNT_TABLE_BYTES_MAX} bytes are allowed`);
  return { sizeBytes, l1Offset, l1Entries, refcountTableOffset, refcountTableClusters };
}

/** True where a table or a cluster can be: at the start of a cluster that is not the header's. */
function isPlace(offset: number, clusterBytes: number): boolean {
  return offset > 0 && offset <= Number.MAX_SAFE_INTEGER && offset % clusterBytes === 0;
}

/** True where a table or a cluster of the disk is in the file now: at the start of a cluster that is not the header's. */
export function isInFile(file: RandomAccessFile, offset: number, clusterBytes: number): boolean {
  return isPlace(offset, clusterBytes) && offset < file.sizeBytes;
}

function readFeatures(view: DataView): { refcountOrder: number; headerLength: number; damaged: boolean } {
  const low = view.getUint32(HEADER.incompatible + 4);
  const unknown =
    view.getUint32(HEADER.incompatible) !== 0 || (low & ~(INCOMPATIBLE.dirty | INCOMPATIBLE.corrupt)) !== 0;
  require(!unknown, "asks for features that are not known here (an external data file, zstd, or extended L2 entries)");
  const refcountOrder = view.getUint32(HEADER.refcountOrder);
  require(refcountOrder <= 6, `has reference counts of 2^${refcountOrder} bits; up to 2^6 are allowed`);
  const headerLength = view.getUint32(HEADER.headerLength);
  require(headerLength >= HEADER_BYTES[3] && headerLength % 8 === 0, `has a header of ${headerLength} bytes`);
  return { refcountOrder, headerLength, damaged: low !== 0 };
}

function readBacking(file: RandomAccessFile, view: DataView, headerLength: number): BackingName | undefined {
  const offset = readU64(view, HEADER.backingOffset);
  const length = view.getUint32(HEADER.backingLength);
  if (offset === 0 || length === 0) return undefined;
  const clusterBytes = 2 ** view.getUint32(HEADER.clusterBits);
  require(length <= NAME_BYTES_MAX &&
    offset >= headerLength &&
    offset + length <= clusterBytes, "has the name of its backing file at an impossible place");
  const head = new Uint8Array(offset + length);
  file.read(0, head);
  const name = decodeName(head.subarray(offset));
  const format = readBackingFormat(head, headerLength, offset);
  return { name, ...(format === undefined ? {} : { format }) };
}

/** Walks the header's extensions: a type, a length, and data padded to eight bytes. */
function readBackingFormat(head: Uint8Array, from: number, end: number): DiskFormat | undefined {
  const view = viewOf(head);
  for (let at = from; at + 8 <= end;) {
    const type = view.getUint32(at);
    const length = view.getUint32(at + 4);
    if (type === 0 || at + 8 + length > end) return undefined;
    if (type === BACKING_FORMAT_EXTENSION) return toFormat(decodeName(head.subarray(at + 8, at + 8 + length)));
    at += 8 + Math.ceil(length / 8) * 8;
  }
  return undefined;
}

function toFormat(name: string): DiskFormat {
  if (name === "raw" || name === "qcow2") return name;
  throw invalidImage(`lies over an image of the format "${name}"; raw and qcow2 are known`);
}

/** UTF-8, by the means of the language alone. */
function decodeName(bytes: Uint8Array): string {
  try {
    return decodeURIComponent(Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, "0")}`).join(""));
  } catch {
    throw invalidImage("has a name in it that is not UTF-8");
  }
}
