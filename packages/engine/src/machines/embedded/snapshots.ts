import { rmSync } from "node:fs";
import { join } from "node:path";
import { CloisterError } from "@cloister/core";
import { z } from "zod";
import type { MachineSpec, SnapshotFacts, SnapshotKind } from "../port.ts";
import { syncGuest } from "../virtual/guest-work.ts";
import { addLayer, diskKib, dropUnused, newState, shareFile, shareLayers } from "../virtual/layers.ts";
import { findProcess, killProcesses } from "../virtual/machine-process.ts";
import { type MachineRecord, type SnapshotRecord, recallMade, remember } from "../virtual/record.ts";
import { askMachine } from "./control-client.ts";
import { flattenLayers } from "./flatten-layers.ts";
import { memoryFor } from "./hardware.ts";
import { launch, type MachinePlace } from "./launch.ts";

/** Compressing and writing some GiB takes its time on a busy host. */
const SAVE_MS = 240_000;

/** A machine's disk, or disk and memory, as they were at one moment. */
type Moment = {
  readonly record: MachineRecord;
  /** How long the machine stood still, in ms. */
  readonly pausedMs: number;
  /** In the machine's folder. */
  readonly state?: string;
};

/** Takes a snapshot. @throws CloisterError `machine_failed`; then the machine goes on, and no half of one is left */
export async function takeSnapshot(machine: MachineSpec, name: string, kind: SnapshotKind): Promise<SnapshotFacts> {
  if (recallMade(machine).snapshots[name] !== undefined)
    throw failed(`Machine ${machine.id} has a snapshot named ${name} already.`);
  const { record, pausedMs, state } = kind === "full" ? await holdWhole(machine) : await holdDisk(machine);
  const layers = record.layers.slice(0, -1);
  const snapshot = { kind, layers, ...(state !== undefined && { state }) };
  remember(machine.folder, { ...record, snapshots: { ...record.snapshots, [name]: snapshot } });
  const files = [...layers.slice(-1), ...(state === undefined ? [] : [state])];
  return { kind, pausedMs, sizeKib: diskKib(machine.folder, files) };
}

/** Takes a machine back to a snapshot: running where that has its memory, else stopped. @throws CloisterError `machine_failed` */
export async function restoreSnapshot(machine: MachineSpec, name: string): Promise<void> {
  const record = recallMade(machine);
  const { layers, state } = snapshotOf(machine, record, name);
  const running = findProcess(machine.folder);
  if (running !== undefined) await killProcesses([running]);
  const below = flattenLayers(machine.folder, layers);
  const restored = { ...record, layers: addLayer(machine.folder, below, record.hardware.diskBytes) };
  remember(machine.folder, restored);
  dropUnused(machine.folder, restored);
  if (state !== undefined) await launch(machine, restored, join(machine.folder, state));
}

/** Makes `into` a copy of a machine's disk as it is now, or of a snapshot of it, and starts it. */
export async function cloneMachine(source: MachineSpec, into: MachineSpec, snapshot?: string): Promise<void> {
  const record = recallMade(source);
  if (snapshot !== undefined) return startCopy(source, into, { record, ...snapshotOf(source, record, snapshot) });
  const held = await holdDisk(source);
  await startCopy(source, into, { record, layers: held.record.layers.slice(0, -1) });
}

/** Makes each of `into` a copy of a running machine, memory included. */
export async function forkMachine(source: MachineSpec, into: readonly MachineSpec[]): Promise<void> {
  const { record, state } = await holdWhole(source);
  try {
    const copy = { record, layers: record.layers.slice(0, -1), state };
    const forks = await Promise.allSettled(into.map((machine) => startCopy(source, machine, copy)));
    const failure = forks.find((result) => result.status === "rejected");
    if (failure !== undefined) throw failure.reason;
  } finally {
    rmSync(join(source.folder, state), { force: true });
  }
}

/** Saves memory and devices to a file in the machine's folder, and holds the disk at the same moment. */
export async function holdWhole(place: MachinePlace): Promise<Moment & { readonly state: string }> {
  if (findProcess(place.folder) === undefined)
    throw failed(`Machine ${place.id} does not run: it has no memory to save.`);
  const record = withNewLayer(place);
  const state = newState();
  return { record, state, pausedMs: await save(place, record, join(place.folder, state)) };
}

/** Lets the machine write to a new layer from now on: what is below is its disk at this moment. */
async function holdDisk(machine: MachineSpec): Promise<Moment> {
  const isRunning = findProcess(machine.folder) !== undefined;
  if (isRunning) await syncGuest(machine.socketFolder);
  const record = withNewLayer(machine);
  return { record, pausedMs: isRunning ? await save(machine, record) : 0 };
}

async function save({ socketFolder }: MachinePlace, { layers }: MachineRecord, state?: string): Promise<number> {
  const request = { do: "snapshot", layer: layers.at(-1) ?? "", state } as const;
  return askMachine(socketFolder, request, { schema: z.number().nonnegative(), limitMs: SAVE_MS });
}

/**
 * Remembered before the process is told: after a crash in between, the new layer is empty and shows what is below it, whichever of the two
 * was written to last. The other way round, what was written to the new layer would be lost.
 */
function withNewLayer(place: MachinePlace): MachineRecord {
  const record = recallMade(place);
  const layered = { ...record, layers: addLayer(place.folder, record.layers, record.hardware.diskBytes) };
  remember(place.folder, layered);
  return layered;
}

type Copy = { readonly record: MachineRecord; readonly layers: readonly string[]; readonly state?: string | undefined };

/** Gives `into` the image, layers and state that `source` had at a moment, and starts it. */
async function startCopy(source: MachineSpec, into: MachineSpec, { record, layers, state }: Copy): Promise<void> {
  const { hardware } = record;
  shareLayers(source.folder, into.folder, layers);
  // Memory fits only the hardware that it was saved on; a copy that boots has what its own limits say.
  const own = state === undefined ? { ...hardware, memoryMib: memoryFor(into.limits) } : hardware;
  const copy = { hardware: own, layers: addLayer(into.folder, layers, hardware.diskBytes), snapshots: {} };
  remember(into.folder, copy);
  if (state === undefined) return launch(into, copy);
  const file = join(into.folder, state);
  shareFile(join(source.folder, state), file);
  await launch(into, copy, file);
  rmSync(file, { force: true });
}

function snapshotOf({ id }: MachineSpec, { snapshots }: MachineRecord, name: string): SnapshotRecord {
  const found = snapshots[name];
  if (found !== undefined) return found;
  throw failed(`Machine ${id} has no snapshot named ${name}.`);
}

function failed(message: string): CloisterError {
  return new CloisterError({ code: "machine_failed", message });
}
