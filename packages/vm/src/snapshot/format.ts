import { VmError } from "../error.ts";

/**
 * A snapshot: the whole of a machine at a moment between two instructions, but for the content of its disks. Numbers are little-endian.
 *
 *     header     0  magic: 89 43 56 4d 53 4e 0d 0a ("\x89CVMSN\r\n": damaged by what changes line ends or drops the eighth bit)
 *                8  u32 version of the format
 *               12  u32 bytes of the directory
 *               16  16 bytes: checksum (MurmurHash3_x86_128, seed 0) of the directory
 *     directory  a state (state-encoding.ts): `sections`, each with `name`, `length`, `blockBytes`, `codec`, and for all its blocks packed
 *                into bytes `stored` (u32 each: how many bytes stand in the file) and `checksums` (u32 each: CRC-32 of what is stored)
 *     blocks     in the order of the directory, one after the other, to the end of the file. A block holds `blockBytes` of its section (a
 *                multiple of 4096, at most 256 KiB), the last one what is left. One that is stored in as many bytes as it holds is as it
 *                is; the others are compressed with their section's codec: `zstd` (RFC 8878), `deflate-raw` (RFC 1951); `none`: no one is
 *
 * Sections; a reader passes over those that it does not know:
 *
 *     machine    a state: `id`, 16 bytes that name this snapshot; `base`, in a delta: that of the one that it is to be laid over;
 *                `memoryBytes`; `supervisorCalls`: true where the engine serves SBI; `time`: since power-on, in ns
 *     hart       a state: `registers` (x0 to x31, f0 to f31), and the fields of STATE by their names, 8 bytes each (hart-fields.ts)
 *     devices    a state: that of each device by its name (each device's own `save`)
 *     drives     a state: `drives`, each with `id` and `sizeBytes`, and for overlays `overlay`: the clusters that differ from the base
 *     pages      u32 pairs: first page of RAM, how many; ascending. Pages that are all zeros are left out; of a delta, those that are as
 *                they were in its base
 *     memory     those pages, one after the other
 *     code       optional: the units that were in use, as a file of the code cache (cache/cache-file.ts), with the engine's identity
 *
 *     version    since   changes
 *     1          0.1.0   the first
 *     2          0.1.0   blocks of other sizes, packed in the directory; deltas; `code` is read by the engine itself
 *
 * Within a version, states grow by new names, and files by new sections. A name never changes its meaning.
 */
export const SNAPSHOT_VERSION = 2;

/** First bytes of a snapshot. */
export const MAGIC = [0x89, 0x43, 0x56, 0x4d, 0x53, 0x4e, 0x0d, 0x0a] as const;

/** Bytes before the directory. */
export const HEADER_BYTES = 32;

/** Offsets in the header. */
export const HEADER = { version: 8, directoryBytes: 12, checksum: 16 } as const;

/** What a block holds of its section, in bytes, at most. */
export const BLOCK_BYTES = 0x4_0000;

/** The same of memory that is not compressed: it is read block by block, when the guest looks there. */
export const MEMORY_BLOCK_BYTES = 0x4000;

/** Bytes of the name of a snapshot. */
export const ID_BYTES = 16;

/** Name of the codec that leaves bytes as they are. */
export const NO_CODEC = "none";

/** A section's content, and how it is cut into blocks. */
export type Section = { readonly name: string; readonly bytes: Uint8Array; readonly blockBytes: number };

/** @param fault what is wrong, as the second half of a sentence @param remedy what to do about it */
export function invalidSnapshot(fault: string, remedy = "take a new snapshot", options?: ErrorOptions): VmError {
  return new VmError("snapshot_invalid", `the snapshot ${fault}: ${remedy}`, options);
}

/** Cuts bytes into blocks, without copying them. */
export function toBlocks({ bytes, blockBytes }: Section): readonly Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / blockBytes) }, (_, index) =>
    bytes.subarray(index * blockBytes, (index + 1) * blockBytes),
  );
}

/** Puts pieces together. */
export function joinBytes(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let offset = 0;
  for (const piece of pieces) {
    joined.set(piece, offset);
    offset += piece.length;
  }
  return joined;
}
