import { checksum } from "../cache/checksum.ts";
import type { BlockCodec } from "./codec.ts";
import { type Crc32, portableCrc32 } from "./crc32.ts";
import {
  HEADER,
  HEADER_BYTES,
  joinBytes,
  MAGIC,
  NO_CODEC,
  type Section,
  SNAPSHOT_VERSION,
  toBlocks,
} from "./format.ts";
import { mapTogether } from "./map-together.ts";
import { encodeState } from "./state-encoding.ts";

/**
 * Puts sections into one piece of bytes.
 * @param codec to compress with; left out: nothing is compressed
 * @param crc32 that of the host is faster
 */
export async function writeContainer(
  sections: readonly Section[],
  codec: BlockCodec | undefined,
  crc32: Crc32 = portableCrc32,
): Promise<Uint8Array<ArrayBuffer>> {
  const stored: Uint8Array[][] = [];
  for (const section of sections)
    stored.push(await mapTogether(toBlocks(section), (block) => storeBlock(block, codec)));
  const directory = encodeState({
    sections: sections.map(({ name, bytes, blockBytes }, index) => ({
      name,
      length: bytes.length,
      blockBytes,
      codec: codec?.name ?? NO_CODEC,
      ...describeBlocks(stored[index] ?? [], crc32),
    })),
  });
  return joinBytes([writeHeader(directory), directory, ...stored.flat()]);
}

function describeBlocks(
  blocks: readonly Uint8Array[],
  crc32: Crc32,
): { readonly stored: Uint8Array; readonly checksums: Uint8Array } {
  const stored = new Uint8Array(blocks.length * 4);
  const checksums = new Uint8Array(blocks.length * 4);
  const [storedView, checksumsView] = [new DataView(stored.buffer), new DataView(checksums.buffer)];
  for (const [index, block] of blocks.entries()) {
    storedView.setUint32(index * 4, block.length, true);
    checksumsView.setUint32(index * 4, crc32(block), true);
  }
  return { stored, checksums };
}

function writeHeader(directory: Uint8Array): Uint8Array {
  const header = new Uint8Array(HEADER_BYTES);
  const view = new DataView(header.buffer);
  header.set(MAGIC);
  view.setUint32(HEADER.version, SNAPSHOT_VERSION, true);
  view.setUint32(HEADER.directoryBytes, directory.length, true);
  header.set(checksum(directory), HEADER.checksum);
  return header;
}

/** Compresses a block; stays as it was where that gains nothing. */
async function storeBlock(bytes: Uint8Array, codec: BlockCodec | undefined): Promise<Uint8Array> {
  const compressed = await codec?.compress(bytes);
  return compressed !== undefined && compressed.length < bytes.length ? compressed : bytes;
}
