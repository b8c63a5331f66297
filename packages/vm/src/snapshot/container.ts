import { readBytes, readNumber } from "../bus/device-state.ts";
import type { DeviceState } from "../bus/port.ts";
import { CHECKSUM_BYTES, checksum } from "../cache/checksum.ts";
import { stateList } from "../devices/virtio/state.ts";
import type { BlockCodec } from "./codec.ts";
import {
  BLOCK_BYTES,
  HEADER,
  HEADER_BYTES,
  invalidSnapshot,
  joinBytes,
  MAGIC,
  NO_CODEC,
  type Section,
  SNAPSHOT_VERSION,
} from "./format.ts";
import { decodeState, encodeState } from "./state-encoding.ts";

/** Blocks that are compressed or expanded at the same time: some for each thread of the host's pool. */
const TOGETHER = 16;

type StoredBlock = { readonly codec: string; readonly bytes: Uint8Array };
type CheckedBlock = StoredBlock & { readonly checksum: Uint8Array };

/**
 * Puts sections into one piece of bytes.
 * @param codec to compress with; left out: nothing is compressed
 */
export async function writeContainer(
  sections: readonly Section[],
  codec: BlockCodec | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const blocks = sections.flatMap((section) => section.blocks);
  const stored = await mapTogether(blocks, (block) => storeBlock(block, codec));
  let next = 0;
  const directory = encodeState({
    sections: sections.map(({ name, blocks }) => ({
      name,
      length: blocks.reduce((sum, block) => sum + block.length, 0),
      blocks: stored.slice(next, (next += blocks.length)).map(({ codec, bytes }) => ({
        codec,
        stored: bytes.length,
        checksum: checksum(bytes),
      })),
    })),
  });
  return joinBytes([writeHeader(directory), directory, ...stored.map(({ bytes }) => bytes)]);
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
async function storeBlock(bytes: Uint8Array, codec: BlockCodec | undefined): Promise<StoredBlock> {
  const compressed = await codec?.compress(bytes);
  if (codec === undefined || compressed === undefined || compressed.length >= bytes.length)
    return { codec: NO_CODEC, bytes };
  return { codec: codec.name, bytes: compressed };
}

/** A section as the directory describes it: nothing of it is checked or expanded yet. */
export type SectionEntry = {
  readonly name: string;
  /** Bytes of its content. */
  readonly length: number;
  readonly blocks: readonly CheckedBlock[];
};

/**
 * Reads what sections there are.
 * @returns by name
 * @throws VmError `snapshot_invalid` where the file is none, of another version, cut off, or its directory is damaged
 */
export function readDirectory(file: Uint8Array): ReadonlyMap<string, SectionEntry> {
  const end = checkHeader(file);
  let offset = end;
  const entries = new Map<string, SectionEntry>();
  for (const section of stateList(decodeState(file.subarray(HEADER_BYTES, end)), "sections")) {
    const entry = readEntry(section, (stored) => file.subarray(offset, (offset += stored)));
    if (entries.has(entry.name)) throw invalidSnapshot(`has two sections named "${entry.name}"`);
    entries.set(entry.name, entry);
    if (offset > file.length) throw invalidSnapshot(`is cut off in its section "${entry.name}"`);
  }
  if (offset !== file.length) throw invalidSnapshot("has something behind its end");
  return entries;
}

/** @returns where the directory ends */
function checkHeader(file: Uint8Array): number {
  const expected = "give one that `snapshot` made";
  if (file.length < HEADER_BYTES || MAGIC.some((byte, index) => file[index] !== byte))
    throw invalidSnapshot("is none: its first bytes are others", expected);
  const view = new DataView(file.buffer, file.byteOffset, HEADER_BYTES);
  const version = view.getUint32(HEADER.version, true);
  if (version !== SNAPSHOT_VERSION)
    throw invalidSnapshot(
      `has format ${version}, and this engine reads format ${SNAPSHOT_VERSION}`,
      "take a new snapshot, or restore it with the version of Cloister that took it",
    );
  const end = HEADER_BYTES + view.getUint32(HEADER.directoryBytes, true);
  if (end > file.length) throw invalidSnapshot("is cut off in its directory");
  const isSound = isSame(
    checksum(file.subarray(HEADER_BYTES, end)),
    file.subarray(HEADER.checksum, HEADER.checksum + CHECKSUM_BYTES),
  );
  if (!isSound) throw invalidSnapshot("has a damaged directory");
  return end;
}

function readEntry(section: DeviceState, take: (stored: number) => Uint8Array): SectionEntry {
  const name = readText(section, "name");
  const length = readNumber(section, "length");
  const blocks = stateList(section, "blocks").map((block) => ({
    codec: readText(block, "codec"),
    bytes: take(readNumber(block, "stored", BLOCK_BYTES)),
    checksum: readBytes(block, "checksum", CHECKSUM_BYTES),
  }));
  if (blocks.length !== Math.ceil(length / BLOCK_BYTES))
    throw invalidSnapshot(`has ${blocks.length} blocks for the ${length} bytes of its section "${name}"`);
  return { name, length, blocks };
}

/** Reads a text of a state. */
export function readText(state: DeviceState, name: string): string {
  const value = state[name];
  if (typeof value === "string") return value;
  throw invalidSnapshot(`has no text "${name}"`);
}

/**
 * Expands the blocks of a section.
 * @param codecs that the host has
 * @param maximum bytes that it may have
 * @throws VmError `snapshot_invalid` where it has more, a block is damaged, or there is no such codec
 */
export async function readBlocks(
  { name, length, blocks }: SectionEntry,
  codecs: readonly BlockCodec[],
  maximum: number,
): Promise<readonly Uint8Array[]> {
  if (length > maximum) throw invalidSnapshot(`has a section "${name}" of ${length} bytes, more than ${maximum}`);
  return mapTogether(blocks, async (block, index) => {
    checkBlock(name, block);
    const wanted = Math.min(BLOCK_BYTES, length - index * BLOCK_BYTES);
    const bytes = await expandBlock(block, codecs, wanted);
    if (bytes.length !== wanted) throw invalidSnapshot(`has a block of a wrong length in its section "${name}"`);
    return bytes;
  });
}

/** Checks a section that nobody asked for. @throws VmError `snapshot_invalid` where it is damaged */
export function checkBlocks({ name, blocks }: SectionEntry): void {
  for (const block of blocks) checkBlock(name, block);
}

function checkBlock(name: string, { bytes, checksum: expected }: CheckedBlock): void {
  if (!isSame(checksum(bytes), expected)) throw invalidSnapshot(`is damaged in its section "${name}"`);
}

async function expandBlock(
  { codec: name, bytes }: StoredBlock,
  codecs: readonly BlockCodec[],
  length: number,
): Promise<Uint8Array> {
  if (name === NO_CODEC) return bytes;
  const codec = codecs.find((candidate) => candidate.name === name);
  if (codec === undefined) {
    const known = [NO_CODEC, ...codecs.map((candidate) => candidate.name)].join(", ");
    throw invalidSnapshot(`is compressed with "${name}"`, `this host has ${known}; take it with one of these`);
  }
  try {
    return await codec.expand(bytes, length);
  } catch (cause) {
    throw invalidSnapshot(`has a block that ${name} can't expand`, undefined, { cause });
  }
}

function isSame(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

/** As `Promise.all` of a map, but for TOGETHER of them at a time. */
async function mapTogether<Item, Result>(
  items: readonly Item[],
  map: (item: Item, index: number) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  const entries = items.entries();
  const work = async (): Promise<void> => {
    for (const [index, item] of entries) results[index] = await map(item, index);
  };
  await Promise.all(Array.from({ length: TOGETHER }, work));
  return results;
}
