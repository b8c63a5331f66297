import { readFlag, readNumber } from "../bus/device-state.ts";
import type { DeviceState } from "../bus/port.ts";
import { stateList } from "../devices/virtio/state.ts";
import { MEMORY_MIB, MIB_BYTES } from "../machine/options.ts";
import { PAGE_BYTES } from "../memory/physical-memory.ts";
import type { BlockCodec } from "./codec.ts";
import { checkBlocks, readBlocks, readDirectory, type SectionEntry, writeContainer } from "./container.ts";
import { BLOCK_BYTES, invalidSnapshot, joinBytes, type Section, toBlocks } from "./format.ts";
import type { MachineState } from "./machine-state.ts";
import { decodeState, encodeState } from "./state-encoding.ts";
import type { PageRun } from "./used-pages.ts";

/** How a snapshot is made. */
export type SnapshotOptions = {
  /** Compress it, with the first codec of the host. Left out: yes. Without, it is larger, and restored by a plain copy. */
  readonly compress?: boolean;
  /** Compiled code of the machine, to be stored with it: bytes that mean something to the caller. */
  readonly code?: Uint8Array;
};

/** Most bytes of a section besides memory, which may be as large as the machine's. */
const SECTION_BYTES_MAX = 2 ** 30;
/** Sections that a machine needs. */
const STATE_SECTIONS: readonly string[] = ["machine", "hart", "devices", "drives", "pages", "memory"];
const RUN_BYTES = 8;

/** A state whose pages were copied, ready to be written while the machine runs on. */
export type PackedState = { readonly sections: readonly Section[] };

/** Copies what a machine's running on would change. */
export function packState(state: MachineState, code?: Uint8Array): PackedState {
  const { memoryBytes, supervisorCalls, time, hart, devices, drives, pages } = state;
  const sections: readonly (readonly [string, Uint8Array])[] = [
    ["machine", encodeState({ memoryBytes, supervisorCalls, time })],
    ["hart", encodeState(hart)],
    ["devices", encodeState(devices)],
    ["drives", encodeState({ drives })],
    ["pages", packRuns(pages)],
    ...(code === undefined ? [] : [["code", code.slice()] as const]),
  ];
  return {
    sections: [
      ...sections.map(([name, bytes]) => ({ name, blocks: toBlocks(bytes) })),
      { name: "memory", blocks: toBlocks(joinBytes(pages.map(({ bytes }) => bytes))) },
    ],
  };
}

/** Writes a snapshot. @param codecs of the host; the first one is used */
export async function writeSnapshot(
  { sections }: PackedState,
  codecs: readonly BlockCodec[],
  { compress = true }: SnapshotOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  return writeContainer(sections, compress ? codecs[0] : undefined);
}

/**
 * Reads a snapshot.
 * @param codecs of the host
 * @throws VmError `snapshot_invalid` where it is damaged, of another version, or makes no sense
 */
export async function readSnapshot(file: Uint8Array, codecs: readonly BlockCodec[]): Promise<MachineState> {
  const directory = readDirectory(file);
  const bytesOf = async (name: string): Promise<Uint8Array> => readSection(directory, name, codecs);
  const machine = decodeState(await bytesOf("machine"));
  const memoryBytes = readNumber(machine, "memoryBytes", MEMORY_MIB.most * MIB_BYTES);
  if (memoryBytes === 0 || memoryBytes % MIB_BYTES !== 0) throw invalidSnapshot("has no size of memory");
  const runs = readRuns(await bytesOf("pages"), memoryBytes / PAGE_BYTES);
  const memory = entryOf(directory, "memory");
  const length = runs.reduce((sum, { count }) => sum + count, 0) * PAGE_BYTES;
  if (memory.length !== length) throw invalidSnapshot(`has ${memory.length} bytes for ${length} of memory`);
  // Whoever asks for the code finds its damage by himself; but a file that is damaged anywhere is none to start a machine from.
  for (const entry of directory.values()) if (!STATE_SECTIONS.includes(entry.name)) checkBlocks(entry);
  return {
    memoryBytes,
    supervisorCalls: readFlag(machine, "supervisorCalls"),
    time: readTime(machine),
    hart: decodeState(await bytesOf("hart")),
    devices: decodeState(await bytesOf("devices")),
    drives: stateList(decodeState(await bytesOf("drives")), "drives"),
    pages: [...unpackRuns(runs, await readBlocks(memory, codecs, memoryBytes))],
  };
}

/**
 * Reads the compiled code that a snapshot was given.
 * @returns undefined where it was given none
 * @throws VmError `snapshot_invalid`
 */
export async function readSnapshotCode(
  file: Uint8Array,
  { codecs = [] }: { readonly codecs?: readonly BlockCodec[] },
): Promise<Uint8Array | undefined> {
  const directory = readDirectory(file);
  return directory.has("code") ? readSection(directory, "code", codecs) : undefined;
}

type Directory = ReadonlyMap<string, SectionEntry>;

function entryOf(directory: Directory, name: string): SectionEntry {
  const entry = directory.get(name);
  if (entry === undefined) throw invalidSnapshot(`has no section "${name}"`);
  return entry;
}

async function readSection(directory: Directory, name: string, codecs: readonly BlockCodec[]): Promise<Uint8Array> {
  const blocks = await readBlocks(entryOf(directory, name), codecs, SECTION_BYTES_MAX);
  const [only] = blocks;
  return only !== undefined && blocks.length === 1 ? only : joinBytes(blocks);
}

/** The virtual clock counts in parts of a nanosecond. */
function readTime({ time }: DeviceState): number {
  if (typeof time === "number" && time >= 0 && time <= Number.MAX_SAFE_INTEGER) return time;
  throw invalidSnapshot("is of a time that can't be");
}

function packRuns(runs: readonly PageRun[]): Uint8Array {
  const packed = new Uint8Array(runs.length * RUN_BYTES);
  const view = new DataView(packed.buffer);
  for (const [index, { first, bytes }] of runs.entries()) {
    view.setUint32(index * RUN_BYTES, first, true);
    view.setUint32(index * RUN_BYTES + 4, bytes.length / PAGE_BYTES, true);
  }
  return packed;
}

type Run = { readonly first: number; readonly count: number };

/** @param pageCount of memory @throws VmError `snapshot_invalid` where runs are empty, overlap, descend, or leave memory */
function readRuns(packed: Uint8Array, pageCount: number): readonly Run[] {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length);
  if (packed.length % RUN_BYTES !== 0) throw invalidSnapshot("has half an entry in its list of pages");
  let next = 0;
  return Array.from({ length: packed.length / RUN_BYTES }, (_, index) => {
    const first = view.getUint32(index * RUN_BYTES, true);
    const count = view.getUint32(index * RUN_BYTES + 4, true);
    if (first < next || count === 0 || first + count > pageCount) throw invalidSnapshot("has pages outside of memory");
    next = first + count;
    return { first, count };
  });
}

/** Cuts runs where the blocks that hold them end. */
function* unpackRuns(runs: readonly Run[], blocks: readonly Uint8Array[]): Generator<PageRun> {
  let position = 0;
  for (const { first, count } of runs) {
    for (let done = 0; done < count;) {
      const within = position % BLOCK_BYTES;
      const taken = Math.min(count - done, (BLOCK_BYTES - within) / PAGE_BYTES);
      const block = blocks[Math.floor(position / BLOCK_BYTES)] ?? new Uint8Array(0);
      yield { first: first + done, bytes: block.subarray(within, within + taken * PAGE_BYTES) };
      done += taken;
      position += taken * PAGE_BYTES;
    }
  }
}
