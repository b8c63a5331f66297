import { rmSync } from "node:fs";
import { join } from "node:path";
import { CloisterError } from "@cloister/core";
import type { MachineSpec, SnapshotFacts, SnapshotKind } from "../port.ts";
import { syncGuest } from "../virtual/guest-work.ts";
import { addLayer, diskKib, dropUnused, flatten, newState, shareFile, shareLayers } from "../virtual/layers.ts";
import { findProcess, killProcesses } from "../virtual/machine-process.ts";
import { type MachineRecord, type SnapshotRecord, recallMade, remember } from "../virtual/record.ts";
import { DISK, hardwareFingerprint } from "./command-line.ts";
import { sizeFor } from "./hardware.ts";
import { launch, steer } from "./launch.ts";
import { saveState } from "./migration.ts";
import type { Monitor } from "./monitor.ts";
import type { QemuFinding } from "./probe.ts";

/** A machine's disk, or disk and memory, as they were at one moment. */
export type Moment = {
  readonly record: MachineRecord;
  /** How long the machine stood still, in ms. */
  readonly pausedMs: number;
  /** In the machine's folder. */
  readonly state?: string;
};

/** Takes a snapshot. @throws CloisterError `machine_failed`; then the machine goes on, and no half of one is left */
export async function takeSnapshot(
  machine: MachineSpec,
  wanted: { readonly name: string; readonly kind: SnapshotKind },
  finding: QemuFinding,
): Promise<SnapshotFacts> {
  const { name, kind } = wanted;
  if (recallMade(machine).snapshots[name] !== undefined)
    throw new CloisterError({
      code: "machine_failed",
      message: `Machine ${machine.id} has a snapshot named ${name} already.`,
    });
  const { record, pausedMs, state } = kind === "full" ? await holdWhole(machine) : await holdDisk(machine);
  const layers = record.layers.slice(0, -1);
  const fingerprint = hardwareFingerprint(record.hardware, finding);
  const snapshot = { kind, layers, ...(state !== undefined && { state, fingerprint }) };
  remember(machine.folder, { ...record, snapshots: { ...record.snapshots, [name]: snapshot } });
  return {
    kind,
    pausedMs,
    sizeKib: diskKib(machine.folder, [...layers.slice(-1), ...(state === undefined ? [] : [state])]),
  };
}

/** Takes a machine back to a snapshot: running where that has its memory, else stopped. @throws CloisterError `machine_failed` */
export async function restoreSnapshot(machine: MachineSpec, name: string, finding: QemuFinding): Promise<void> {
  const record = recallMade(machine);
  const snapshot = snapshotOf(machine, record, name);
  checkFingerprint(record, snapshot, finding);
  const running = findProcess(machine.folder);
  if (running !== undefined) await killProcesses([running]);
  const below = await flatten(machine.folder, snapshot.layers, machine.env);
  const restored = { ...record, layers: addLayer(machine.folder, below, record.hardware.diskBytes) };
  remember(machine.folder, restored);
  dropUnused(machine.folder, restored);
  if (snapshot.state === undefined) return;
  await launch(machine, restored, { kind: "state", state: join(machine.folder, snapshot.state) });
}

/** Makes `into` a copy of a machine, or of a snapshot of it, and starts it. */
export async function cloneMachine(
  source: MachineSpec,
  into: MachineSpec,
  from: { readonly snapshot?: string; readonly finding: QemuFinding },
): Promise<void> {
  const { snapshot: name, finding } = from;
  if (name === undefined) {
    const { record } = await holdDisk(source);
    await startCopy(source, into, { record, layers: record.layers.slice(0, -1) });
    return;
  }
  const record = recallMade(source);
  const snapshot = snapshotOf(source, record, name);
  checkFingerprint(record, snapshot, finding);
  await startCopy(source, into, { record, ...snapshot });
}

/** Makes each of `into` a copy of a running machine, memory included. */
export async function forkMachine(source: MachineSpec, into: readonly MachineSpec[]): Promise<void> {
  const { record, state } = await holdWhole(source);
  try {
    const layers = record.layers.slice(0, -1);
    const forks = into.map((machine) =>
      startCopy(source, machine, { record, layers, ...(state !== undefined && { state }) }),
    );
    const failed = (await Promise.allSettled(forks)).find((result) => result.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  } finally {
    if (state !== undefined) rmSync(join(source.folder, state), { force: true });
  }
}

/** Lets the machine write to a new layer from now on: what is below is its disk at this moment. */
async function holdDisk(machine: MachineSpec): Promise<Moment> {
  const isRunning = findProcess(machine.folder) !== undefined;
  if (isRunning) await syncGuest(machine.socketFolder);
  const record = withNewLayer(machine, recallMade(machine));
  if (!isRunning) return { record, pausedMs: 0 };
  using monitor = await steer(machine);
  const begun = performance.now();
  await switchLayer(monitor, machine, record);
  return { record, pausedMs: performance.now() - begun };
}

/** Saves memory and devices to a file in the machine's folder, and holds the disk at the same moment. */
async function holdWhole(machine: MachineSpec): Promise<Moment & { readonly state: string }> {
  using monitor = await steer(machine);
  const record = withNewLayer(machine, recallMade(machine));
  const state = newState();
  const pausedMs = await saveState({
    monitor,
    socketFolder: machine.socketFolder,
    file: join(machine.folder, state),
    isTemplate: false,
    whileStill: () => switchLayer(monitor, machine, record),
  });
  return { record, pausedMs, state };
}

/**
 * Remembered before QEMU is told: after a crash in between, the new layer is empty and shows what is below it, whichever of the two
 * QEMU wrote to last. The other way round, what was written to the new layer would be lost.
 */
function withNewLayer({ folder }: MachineSpec, record: MachineRecord): MachineRecord {
  const layered = { ...record, layers: addLayer(folder, record.layers, record.hardware.diskBytes) };
  remember(folder, layered);
  return layered;
}

async function switchLayer(monitor: Monitor, { folder }: MachineSpec, { layers }: MachineRecord): Promise<void> {
  const file = join(folder, layers.at(-1) ?? "");
  const target = { device: DISK, "snapshot-file": file, format: "qcow2", mode: "existing" };
  await monitor.execute("blockdev-snapshot-sync", { arguments: target });
}

type Copy = { readonly record: MachineRecord; readonly layers: readonly string[]; readonly state?: string | undefined };

/** Gives `into` the image, layers and state that `source` had at a moment, and starts it. */
async function startCopy(source: MachineSpec, into: MachineSpec, { record, layers, state }: Copy): Promise<void> {
  const { hardware } = record;
  shareLayers(source.folder, into.folder, layers);
  // Memory fits only the hardware that it was saved on; a copy that boots has what its own limits say.
  const own = state === undefined ? { ...hardware, ...sizeFor(hardware, into.limits) } : hardware;
  const copy = { hardware: own, layers: addLayer(into.folder, layers, hardware.diskBytes), snapshots: {} };
  remember(into.folder, copy);
  if (state === undefined) return launch(into, copy, { kind: "boot" });
  const file = join(into.folder, state);
  shareFile(join(source.folder, state), file);
  await launch(into, copy, { kind: "state", state: file });
  rmSync(file, { force: true });
}

function snapshotOf(machine: MachineSpec, record: MachineRecord, name: string): SnapshotRecord {
  const found = record.snapshots[name];
  if (found !== undefined) return found;
  throw new CloisterError({ code: "machine_failed", message: `Machine ${machine.id} has no snapshot named ${name}.` });
}

function checkFingerprint({ hardware }: MachineRecord, { fingerprint }: SnapshotRecord, finding: QemuFinding): void {
  if (fingerprint === undefined || fingerprint === hardwareFingerprint(hardware, finding)) return;
  throw new CloisterError({
    code: "machine_failed",
    message: "The snapshot's memory was saved by another QEMU, or on another processor: it can't be restored here.",
    remedy: "Use the QEMU that saved it, or clone a snapshot of the disk alone.",
  });
}
