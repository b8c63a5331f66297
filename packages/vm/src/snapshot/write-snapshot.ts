import type { MachineHost } from "../machine/host.ts";
import { PAGE_BYTES } from "../memory/page.ts";
import { BLOCK_BYTES, joinBytes, MEMORY_BLOCK_BYTES, type Section } from "./format.ts";
import type { MachineState } from "./machine-state.ts";
import { encodeState } from "./state-encoding.ts";
import type { PageRun } from "./used-pages.ts";
import { writeContainer } from "./write-container.ts";

/** How a snapshot is made. */
export type SnapshotOptions = {
  /**
   * Compress it, with the first codec of the host. Left out: yes. Without, it is larger, and a machine that goes on from it reads only what it
   * looks at: it is there at once.
   */
  readonly compress?: boolean;
  /** Store the compiled code that is in use with it. Left out: yes. */
  readonly code?: boolean;
  /**
   * Store only the memory that changed since the snapshot that this machine took or was restored from last: that one is needed to go on from
   * this. Left out: no.
   */
  readonly delta?: boolean;
};

/** What a snapshot is besides the state of its machine. */
export type SnapshotFacts = {
  /** Its name: ID_BYTES. */
  readonly id: Uint8Array;
  /** Of a delta: the name of the one below. */
  readonly base?: Uint8Array;
  readonly compress: boolean;
};

/** Bytes of a run in the list of pages. */
export const RUN_BYTES = 8;

/** Copies what a machine's running on would change. @returns the sections of its snapshot */
export function packState(state: MachineState, { id, base, compress }: SnapshotFacts): readonly Section[] {
  const { memoryBytes, supervisorCalls, time, hart, devices, drives, pages } = state;
  const machine = { id, ...(base === undefined ? {} : { base }), memoryBytes, supervisorCalls, time };
  const sections: readonly (readonly [string, Uint8Array])[] = [
    ["machine", encodeState(machine)],
    ["hart", encodeState(hart)],
    ["devices", encodeState(devices)],
    ["drives", encodeState({ drives })],
    ["pages", packRuns(pages)],
  ];
  const memory = joinBytes(pages.map(({ bytes }) => bytes));
  return [
    ...sections.map(([name, bytes]) => ({ name, bytes, blockBytes: BLOCK_BYTES })),
    { name: "memory", bytes: memory, blockBytes: compress ? BLOCK_BYTES : MEMORY_BLOCK_BYTES },
  ];
}

/** The section of compiled code. @param code as a file of the code cache */
export function codeSection(code: Uint8Array): Section {
  return { name: "code", bytes: code, blockBytes: BLOCK_BYTES };
}

/** Writes a snapshot. @param host whose first codec is used, where it is to be compressed */
export function writeSnapshot(
  sections: readonly Section[],
  { codecs = [], crc32 }: Pick<MachineHost, "codecs" | "crc32">,
  compress: boolean,
): Promise<Uint8Array<ArrayBuffer>> {
  return writeContainer(sections, compress ? codecs[0] : undefined, crc32);
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
