import { VmError } from "../../error.ts";
import { SECTOR_BYTES, type DiskFormat, type RandomAccessFile } from "../port.ts";
import { BACKING_FORMAT_EXTENSION, HEADER, HEADER_BYTES, QCOW2_MAGIC, readHeader } from "./header.ts";
import { viewOf, writeU64 } from "./numbers.ts";
import { Refcounts } from "./refcounts.ts";

/** A new image. */
export type CreateQcow2Options = {
  /** Of the disk: a multiple of 512 bytes, up to 2^53. */
  readonly sizeBytes: number;
  /** Clusters have 2 to the power of this many bytes: 9 to 21; 16 where it is left out. */
  readonly clusterBits?: number;
  /** The image under the new one, as it will be written into it. */
  readonly backing?: { readonly name: string; readonly format: DiskFormat };
};

/** 16 bits for each reference count, as QEMU has it. */
const REFCOUNT_ORDER = 4;

/**
 * Writes an empty image of version 3 into an empty file: header, reference table, L1 table, and reference counts for them.
 * @throws VmError `option_invalid` where the size or the clusters are out of bounds
 */
export function createQcow2(file: RandomAccessFile, options: CreateQcow2Options): void {
  const { sizeBytes, clusterBits = 16, backing } = options;
  const clusterBytes = 2 ** clusterBits;
  const soundSize = Number.isSafeInteger(sizeBytes) && sizeBytes >= 0 && sizeBytes % SECTOR_BYTES === 0;
  if (!soundSize)
    throw new VmError("option_invalid", `A disk of ${sizeBytes} bytes can't be made: sizes are multiples of 512.`);
  const soundClusters = Number.isInteger(clusterBits) && clusterBits >= 9 && clusterBits <= 21;
  if (!soundClusters)
    throw new VmError("option_invalid", `Clusters of 2^${clusterBits} bytes can't be made: 2^9 to 2^21 are allowed.`);
  const l1Entries = Math.ceil(sizeBytes / ((clusterBytes / 8) * clusterBytes));
  const clusters = 2 + Math.max(1, Math.ceil((l1Entries * 8) / clusterBytes));
  const header = new Uint8Array(clusterBytes);
  const view = viewOf(header);
  writeFixedFields(view, { sizeBytes, clusterBits, l1Entries });
  if (backing !== undefined) writeBacking(header, backing);
  file.write(0, header);
  const checked = readHeader(file);
  file.write(clusterBytes, new Uint8Array((clusters - 1) * clusterBytes));
  new Refcounts(file, checked).claim(clusters);
}

type FixedFields = { readonly sizeBytes: number; readonly clusterBits: number; readonly l1Entries: number };

/** The first cluster is the header's, the second one the reference table's, and then comes the L1 table. */
function writeFixedFields(view: DataView, { sizeBytes, clusterBits, l1Entries }: FixedFields): void {
  view.setUint32(HEADER.magic, QCOW2_MAGIC);
  view.setUint32(HEADER.version, 3);
  view.setUint32(HEADER.clusterBits, clusterBits);
  writeU64(view, HEADER.sizeBytes, sizeBytes);
  view.setUint32(HEADER.l1Entries, l1Entries);
  writeU64(view, HEADER.l1Offset, 2 * 2 ** clusterBits);
  writeU64(view, HEADER.refcountTableOffset, 2 ** clusterBits);
  view.setUint32(HEADER.refcountTableClusters, 1);
  view.setUint32(HEADER.refcountOrder, REFCOUNT_ORDER);
  view.setUint32(HEADER.headerLength, HEADER_BYTES[3]);
}

/** The format as an extension, the end of extensions, and the name. */
function writeBacking(
  header: Uint8Array,
  { name, format }: { readonly name: string; readonly format: DiskFormat },
): void {
  const view = viewOf(header);
  const bytes = encodeUtf8(name);
  const at = HEADER_BYTES[3];
  const nameAt = at + 8 + 8 + 8;
  if (nameAt + bytes.length > header.length)
    throw new VmError("option_invalid", "The name of the backing file is too long for the image's clusters.");
  view.setUint32(at, BACKING_FORMAT_EXTENSION);
  view.setUint32(at + 4, format.length);
  header.set(encodeUtf8(format), at + 8);
  writeU64(view, HEADER.backingOffset, nameAt);
  view.setUint32(HEADER.backingLength, bytes.length);
  header.set(bytes, nameAt);
}

/** By the means of the language alone. */
function encodeUtf8(text: string): Uint8Array {
  const escaped = encodeURIComponent(text).replace(/%([0-9A-F]{2})/g, (_escape, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Uint8Array.from(escaped, (character) => character.charCodeAt(0));
}
