import { rmSync } from "node:fs";
import { join } from "node:path";
import { CloisterError } from "@cloister/core";
import type { MachineSpec, SnapshotFacts, SnapshotKind } from "../port.ts";
import { sizeFor } from "../qemu/hardware.ts";
import { syncGuest } from "../virtual/guest-work.ts";
import { addLayer, diskKib, dropUnused, flatten, newState, shareLayers } from "../virtual/layers.ts";
import { type MachineRecord, type SnapshotRecord, recallMade, remember } from "../virtual/record.ts";
import { DISK } from "./domain-xml.ts";
import { domainName, endDomain, listMachines } from "./domains.ts";
import { launch } from "./launch.ts";
import { watchPause } from "./pause-watch.ts";
import { type Libvirt, runVirsh } from "./virsh.ts";

const SNAPSHOT_MS = 240_000;

/** A machine's disk, or disk and memory, as they were at one moment. */
type Moment = {
  readonly record: MachineRecord;
  /** How long the machine stood still, in ms. */
  readonly pausedMs: number;
  /** In the machine's folder. */
  readonly state?: string;
};

/** Takes a snapshot. @throws CloisterError `machine_failed`; then the machine goes on, and no half of one is left */
export async function takeSnapshot(
  libvirt: Libvirt,
  machine: MachineSpec,
  { name, kind }: { readonly name: string; readonly kind: SnapshotKind },
): Promise<SnapshotFacts> {
  if (recallMade(machine).snapshots[name] !== undefined)
    throw failed(`Machine ${machine.id} has a snapshot named ${name} already.`);
  const hold = kind === "full" ? holdWhole : holdDisk;
  const { record, pausedMs, state }: Moment = await hold(libvirt, machine);
  const layers = record.layers.slice(0, -1);
  const snapshot = { kind, layers, ...(state !== undefined && { state }) };
  remember(machine.folder, { ...record, snapshots: { ...record.snapshots, [name]: snapshot } });
  const files = [...layers.slice(-1), ...(state === undefined ? [] : [state])];
  return { kind, pausedMs, sizeKib: diskKib(machine.folder, files) };
}

/** Takes a machine back to a snapshot: running where that has its memory, else stopped. @throws CloisterError `machine_failed` */
export async function restoreSnapshot(libvirt: Libvirt, machine: MachineSpec, name: string): Promise<void> {
  const record = recallMade(machine);
  const { layers, state } = snapshotOf(machine, record, name);
  await endDomain(libvirt, machine.id);
  const below = await flatten(machine.folder, layers, machine.env);
  const restored = { ...record, layers: addLayer(machine.folder, below, record.hardware.diskBytes) };
  remember(machine.folder, restored);
  dropUnused(machine.folder, restored);
  if (state !== undefined) await launch(libvirt, machine, { record: restored, state });
}

/** Gives `into` the disk of a machine, or of a snapshot of it, and boots it. */
export async function cloneMachine(
  libvirt: Libvirt,
  copy: { readonly source: MachineSpec; readonly into: MachineSpec; readonly snapshot?: string },
): Promise<void> {
  const { source, into, snapshot } = copy;
  const layers =
    snapshot === undefined
      ? (await holdDisk(libvirt, source)).record.layers.slice(0, -1)
      : snapshotOf(source, recallMade(source), snapshot).layers;
  shareLayers(source.folder, into.folder, layers);
  const { hardware } = recallMade(source);
  const record = {
    hardware: { ...hardware, ...sizeFor(hardware, into.limits) },
    layers: addLayer(into.folder, layers, hardware.diskBytes),
    snapshots: {},
  };
  remember(into.folder, record);
  await launch(libvirt, into, { record });
}

/** Lets the machine write to a new layer from now on: what is below is its disk at this moment. It goes on all the while, but for its disk. */
async function holdDisk(libvirt: Libvirt, machine: MachineSpec): Promise<Moment> {
  const state = (await listMachines(libvirt)).get(machine.id) ?? "stopped";
  if (state === "running") await syncGuest(machine.socketFolder);
  const record = withNewLayer(machine);
  if (state === "stopped") return { record, pausedMs: 0 };
  const begun = performance.now();
  await switchLayer(libvirt, { machine, record, options: ["--disk-only"] });
  return { record, pausedMs: state === "paused" ? 0 : performance.now() - begun };
}

/** Saves memory and devices to a file in the machine's folder, and holds the disk at the same moment. */
async function holdWhole(libvirt: Libvirt, machine: MachineSpec): Promise<Moment> {
  const found = (await listMachines(libvirt)).get(machine.id);
  if (found === undefined) throw failed(`Machine ${machine.id} does not run: it has no memory to save.`);
  const record = withNewLayer(machine);
  const state = newState();
  const file = join(machine.folder, state);
  await using watch = await watchPause(libvirt, domainName(machine.id));
  const begun = performance.now();
  try {
    const options = ["--memspec", `file=${argument(file)},snapshot=external`];
    await switchLayer(libvirt, { machine, record, options });
  } catch (error: unknown) {
    rmSync(file, { force: true });
    throw error;
  }
  // Where the pause was not seen, it was no longer than all of it.
  const longest = performance.now() - begun;
  return { record, state, pausedMs: found === "paused" ? 0 : ((await watch.pausedMs()) ?? longest) };
}

/**
 * Remembered before libvirt is told: after a crash in between, the new layer is empty and shows what is below it, whichever of the two
 * was written to last. The other way round, what was written to the new layer would be lost.
 */
function withNewLayer(machine: MachineSpec): MachineRecord {
  const record = recallMade(machine);
  const layered = { ...record, layers: addLayer(machine.folder, record.layers, record.hardware.diskBytes) };
  remember(machine.folder, layered);
  return layered;
}

/** libvirt itself keeps no snapshots: it would refuse to end a machine that has one. */
async function switchLayer(
  libvirt: Libvirt,
  {
    machine,
    record,
    options,
  }: { readonly machine: MachineSpec; readonly record: MachineRecord; readonly options: readonly string[] },
): Promise<void> {
  const layer = argument(join(machine.folder, record.layers.at(-1) ?? ""));
  const disk = ["--diskspec", `${DISK},snapshot=external,driver=qcow2,file=${layer}`];
  const plain = ["snapshot-create-as", domainName(machine.id), "--no-metadata", "--atomic", "--reuse-external"];
  await runVirsh(libvirt, [...plain, ...options, ...disk], { timeLimitMs: SNAPSHOT_MS });
}

/** virsh separates the parts of an argument by commas; one that is doubled is itself. */
function argument(path: string): string {
  return path.replaceAll(",", ",,");
}

function snapshotOf(machine: MachineSpec, record: MachineRecord, name: string): SnapshotRecord {
  const found = record.snapshots[name];
  if (found !== undefined) return found;
  throw failed(`Machine ${machine.id} has no snapshot named ${name}.`);
}

function failed(message: string): CloisterError {
  return new CloisterError({ code: "machine_failed", message });
}
