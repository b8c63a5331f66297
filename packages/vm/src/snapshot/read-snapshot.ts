import { readBytes, readFlag, readNumber } from "../bus/device-state.ts";
import type { DeviceState } from "../bus/port.ts";
import { stateList } from "../devices/virtio/state.ts";
import { MEMORY_MIB, MIB_BYTES } from "../machine/options.ts";
import { PAGE_BYTES } from "../memory/page.ts";
import type { BlockCodec } from "./codec.ts";
import { type Crc32, portableCrc32 } from "./crc32.ts";
import { ID_BYTES, invalidSnapshot } from "./format.ts";
import type { RestoredState } from "./machine-state.ts";
import { decodeMachineCode } from "./machine-code.ts";
import { type Directory, readDirectory, sectionOf } from "./read-container.ts";
import { joinSources, type MemoryLayer, readSpans, StoredPages, unpackSpans } from "./snapshot-pages.ts";
import type { SnapshotFile } from "./snapshot-file.ts";
import { decodeState } from "./state-encoding.ts";
import type { SectionsIn } from "./stored-section.ts";

/** Most bytes of a section besides memory, which may be as large as the machine's. */
const SECTION_BYTES_MAX = 2 ** 30;
/** Snapshots that are laid one over the other. */
const LAYERS_MAX = 64;

/** A snapshot that was opened, and the deltas over it. */
type Layer = { readonly directory: Directory; readonly machine: DeviceState; readonly memory: MemoryLayer };

/**
 * Reads a snapshot. What is compressed is expanded; memory that is not is read when the machine looks at it, and only then found damaged.
 * @param files a whole snapshot, and the deltas over it in order; closed as soon as they are not needed any more
 * @param codecs of the host
 * @param crc32 that of the host is faster
 * @throws VmError `snapshot_invalid` where one is damaged, of another version, not of the one before, or makes no sense
 */
export async function readSnapshot(
  files: readonly SnapshotFile[],
  codecs: readonly BlockCodec[],
  crc32: Crc32 = portableCrc32,
): Promise<RestoredState> {
  const close = (): void => files.forEach((file) => file.close());
  try {
    const state = await readLayers(
      files.map((file) => ({ file, crc32 })),
      codecs,
    );
    return state.source === undefined ? await withoutFiles(state, close) : state;
  } catch (error) {
    close();
    throw error;
  }
}

/** Nothing but the code is left to be read. */
async function withoutFiles(state: RestoredState, close: () => void): Promise<RestoredState> {
  const code = await state.readCode?.();
  close();
  return code === undefined ? state : { ...state, readCode: () => Promise.resolve(code) };
}

async function readLayers(files: readonly SectionsIn[], codecs: readonly BlockCodec[]): Promise<RestoredState> {
  if (files.length > LAYERS_MAX) throw invalidSnapshot(`has ${files.length} layers, more than ${LAYERS_MAX}`);
  const layers = await Promise.all(files.map((file) => readLayer(file, codecs)));
  const last = layers.at(-1);
  if (last === undefined) throw invalidSnapshot("is none: there are no files of it");
  checkOrder(layers);
  const bytesOf = async (name: string): Promise<Uint8Array> => readSection(last.directory, name, codecs);
  return {
    id: readBytes(last.machine, "id", ID_BYTES),
    memoryBytes: readMemoryBytes(last.machine),
    supervisorCalls: readFlag(last.machine, "supervisorCalls"),
    time: readTime(last.machine),
    hart: decodeState(await bytesOf("hart")),
    devices: decodeState(await bytesOf("devices")),
    drives: stateList(decodeState(await bytesOf("drives")), "drives"),
    ...(await readMemory(layers, codecs)),
    ...(last.directory.has("code") ? { readCode: async () => decodeMachineCode(await bytesOf("code")) } : {}),
  };
}

async function readLayer(file: SectionsIn, codecs: readonly BlockCodec[]): Promise<Layer> {
  const directory = readDirectory(file);
  const machine = decodeState(await readSection(directory, "machine", codecs));
  const spans = readSpans(await readSection(directory, "pages", codecs), readMemoryBytes(machine) / PAGE_BYTES);
  const section = sectionOf(directory, "memory");
  const length = spans.reduce((sum, { count }) => sum + count, 0) * PAGE_BYTES;
  if (section.length !== length) throw invalidSnapshot(`has ${section.length} bytes for ${length} of memory`);
  // A file that is damaged anywhere is none to start a machine from, also where nobody needs what is damaged.
  for (const other of directory.values()) if (!KNOWN_SECTIONS.includes(other.name)) other.check();
  return { directory, machine, memory: { spans, section } };
}

const KNOWN_SECTIONS: readonly string[] = ["machine", "hart", "devices", "drives", "pages", "memory", "code"];

/** Each has to be made over the one before. */
function checkOrder(layers: readonly Layer[]): void {
  let below: { readonly id: string; readonly memoryBytes: number } | undefined;
  for (const { machine } of layers) {
    const base = "base" in machine ? readBytes(machine, "base", ID_BYTES).join() : undefined;
    if (below === undefined && base !== undefined)
      throw invalidSnapshot("is a delta", "give the one below it, too, before it");
    if (below !== undefined && base !== below.id)
      throw invalidSnapshot("is not one of the snapshot before it", "give a whole one, then the deltas in order");
    const memoryBytes = readMemoryBytes(machine);
    if (below !== undefined && memoryBytes !== below.memoryBytes)
      throw invalidSnapshot("has other memory than the one before it");
    below = { id: readBytes(machine, "id", ID_BYTES).join(), memoryBytes };
  }
}

async function readMemory(
  layers: readonly Layer[],
  codecs: readonly BlockCodec[],
): Promise<Pick<RestoredState, "pages" | "source">> {
  const memoryBytes = readMemoryBytes(layers[0]?.machine ?? {});
  const pageCount = memoryBytes / PAGE_BYTES;
  const isHidden = new Uint8Array(pageCount);
  const sources: StoredPages[] = [];
  const pages: RestoredState["pages"][number][] = [];
  for (const { memory } of layers.toReversed()) {
    if (memory.section.isPlain) sources.push(new StoredPages(memory, pageCount, (page) => isHidden[page] === 1));
    else
      for (const run of unpackSpans(memory, await memory.section.expand(codecs, memoryBytes)))
        pages.push(...splitRun(run, isHidden));
    for (const { first, count } of memory.spans) isHidden.fill(1, first, first + count);
  }
  return { pages, ...(sources.length === 0 ? {} : { source: joinSources(sources) }) };
}

/** Leaves out the pages that another layer has. */
function* splitRun(
  { first, bytes }: RestoredState["pages"][number],
  isHidden: Uint8Array,
): Generator<RestoredState["pages"][number]> {
  const count = bytes.length / PAGE_BYTES;
  for (let at = 0; at < count; at++) {
    const from = at;
    while (at < count && isHidden[first + at] === 0) at++;
    if (at > from) yield { first: first + from, bytes: bytes.subarray(from * PAGE_BYTES, at * PAGE_BYTES) };
  }
}

async function readSection(directory: Directory, name: string, codecs: readonly BlockCodec[]): Promise<Uint8Array> {
  return sectionOf(directory, name).bytes(codecs, SECTION_BYTES_MAX);
}

function readMemoryBytes(machine: DeviceState): number {
  const memoryBytes = readNumber(machine, "memoryBytes", MEMORY_MIB.most * MIB_BYTES);
  if (memoryBytes === 0 || memoryBytes % MIB_BYTES !== 0) throw invalidSnapshot("has no size of memory");
  return memoryBytes;
}

/** The virtual clock counts in parts of a nanosecond. */
function readTime({ time }: DeviceState): number {
  if (typeof time === "number" && time >= 0 && time <= Number.MAX_SAFE_INTEGER) return time;
  throw invalidSnapshot("is of a time that can't be");
}
