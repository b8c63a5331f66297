import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { CloisterError } from "@cloister/core";
import type { GuestTransport } from "../guest/port.ts";
import { makeSocketFolder } from "../places.ts";
import type {
  DriverProbe,
  MachineConsole,
  MachineDriver,
  MachineImage,
  MachineSpec,
  MachineState,
  MachineStats,
  MachineSurroundings,
  OptionalOperation,
  ProbeContext,
  SnapshotFacts,
  SnapshotKind,
} from "../port.ts";
import { forgetSnapshot } from "../virtual/forget-snapshot.ts";
import { connectGuestPort } from "../virtual/guest-port.ts";
import { syncGuest } from "../virtual/guest-work.ts";
import { addLayer, adoptImage, dropUnused, flatten } from "../virtual/layers.ts";
import { CONSOLE_LOG, recall, recallMade, remember } from "../virtual/record.ts";
import { GUEST_SURROUNDINGS } from "../virtual/surroundings.ts";
import { domainName, endDomain, listMachines } from "./domains.ts";
import { launch } from "./launch.ts";
import { type LibvirtFinding, probeLibvirt } from "./probe.ts";
import { cloneMachine, restoreSnapshot, takeSnapshot } from "./snapshots.ts";
import { statsOf } from "./stats.ts";
import { type Libvirt, libvirtOf, runVirsh } from "./virsh.ts";
import { hardwareFor } from "../qemu/hardware.ts";
import type { QemuFinding } from "../qemu/probe.ts";

/** What the libvirt driver stands on. */
export type LibvirtOptions = {
  /** Of the user: PATH finds virsh; CLOISTER_LIBVIRT_URI or LIBVIRT_DEFAULT_URI say which libvirt. */
  readonly env: Readonly<Record<string, string>>;
};

/** Machines that are domains of libvirt, run by QEMU: on KVM where that works, else emulated. */
export function createLibvirtDriver(options: LibvirtOptions): MachineDriver {
  return new LibvirtDriver(options);
}

/** A probe answers within 3 s. */
const PROBE_MS = 2400;
/** Where a machine is to be made, an answer that comes late is better than none. */
const SEARCH_MS = 240_000;

const LIMITATIONS = [
  "Where KVM does not work, the processor is emulated: programs run some 20 times slower; a RISC-V machine has one processor then.",
  "KVM and arm64 machines were written by libvirt's documentation, and never run on real hardware by their makers; nor under SELinux or AppArmor.",
  "QEMU runs as the user who starts it, behind its own system call filter: a hole in QEMU opens what that user may open.",
  "A clone starts with the disk of a machine or snapshot, not with its memory: libvirt restores memory to the machine that it was saved from.",
  "libvirt keeps a log of a machine's starts in its own log folder, also when the machine is gone.",
  "While libvirt is not running, nothing can be said of its machines; they go on, and are there when it is.",
  "The disk may be as large as the limit says or as the image is, whichever is larger; the file system in it is as large as the image made it.",
];

class LibvirtDriver implements MachineDriver {
  readonly name = "libvirt";
  readonly title = "Virtual machine (libvirt)";
  readonly isolation = "virtual_machine";
  readonly operations: ReadonlySet<OptionalOperation> = new Set([
    "pause",
    "snapshot_disk",
    "snapshot_full",
    "clone",
    "console",
  ]);
  readonly limitations: readonly string[] = LIMITATIONS;
  readonly #env: Readonly<Record<string, string>>;
  #finding: Promise<LibvirtFinding> | undefined;

  constructor({ env }: LibvirtOptions) {
    this.#env = env;
  }

  async probe({ env }: ProbeContext): Promise<DriverProbe> {
    return (await probeLibvirt(env, PROBE_MS)).probe;
  }

  surroundings(_machine: MachineSpec): MachineSurroundings {
    return GUEST_SURROUNDINGS;
  }

  async create(machine: MachineSpec): Promise<void> {
    const image = imageOf(machine);
    const hardware = hardwareFor(image, machine.limits, await this.#qemu());
    adoptImage(image, machine.folder);
    const record = { hardware, layers: addLayer(machine.folder, [], hardware.diskBytes), snapshots: {} };
    remember(machine.folder, record);
    await launch(this.#libvirt(), machine, { record });
  }

  async start(machine: MachineSpec): Promise<void> {
    const record = recallMade(machine);
    const state = await this.state(machine);
    if (state === "paused") return this.resume(machine);
    if (state === "running") return;
    const flat = { ...record, layers: [...(await flatten(machine.folder, record.layers, machine.env))] };
    remember(machine.folder, flat);
    dropUnused(machine.folder, flat);
    await launch(this.#libvirt(), machine, { record: flat });
  }

  async stop(machine: MachineSpec): Promise<void> {
    const state = await this.state(machine);
    // What stands still can't write to its disk what it holds in memory.
    if (state === "paused") await this.resume(machine);
    if (state === "paused" || state === "running") await syncGuest(machine.socketFolder);
    await endDomain(this.#libvirt(), machine.id);
  }

  async state(machine: MachineSpec): Promise<MachineState> {
    if (recall(machine.folder) === undefined) return "missing";
    return (await listMachines(this.#libvirt())).get(machine.id) ?? "stopped";
  }

  connect(machine: MachineSpec): Promise<GuestTransport> {
    return connectGuestPort(machine.socketFolder);
  }

  stats(machine: MachineSpec): Promise<MachineStats> {
    return statsOf(this.#libvirt(), machine);
  }

  async destroy(machine: MachineSpec): Promise<void> {
    // It is remembered before libvirt is told: there is no domain of what was never remembered.
    if (recall(machine.folder) !== undefined) await endDomain(this.#libvirt(), machine.id);
    for (const name of readdirSync(machine.socketFolder)) rmSync(join(machine.socketFolder, name), { force: true });
  }

  async found({ env }: ProbeContext): Promise<readonly string[]> {
    return [...(await listMachines(libvirtOf(env))).keys()];
  }

  async remove(id: string, { env }: ProbeContext): Promise<void> {
    await endDomain(libvirtOf(env), id);
    rmSync(makeSocketFolder(id), { recursive: true, force: true });
  }

  async pause(machine: MachineSpec): Promise<void> {
    await runVirsh(this.#libvirt(), ["suspend", domainName(machine.id)]);
  }

  async resume(machine: MachineSpec): Promise<void> {
    await runVirsh(this.#libvirt(), ["resume", domainName(machine.id)]);
  }

  snapshot(machine: MachineSpec, name: string, kind: SnapshotKind): Promise<SnapshotFacts> {
    return takeSnapshot(this.#libvirt(), machine, { name, kind });
  }

  restore(machine: MachineSpec, name: string): Promise<void> {
    return restoreSnapshot(this.#libvirt(), machine, name);
  }

  async removeSnapshot(machine: MachineSpec, name: string): Promise<void> {
    forgetSnapshot(machine, name);
  }

  clone(source: MachineSpec, into: MachineSpec, snapshot?: string): Promise<void> {
    return cloneMachine(this.#libvirt(), { source, into, ...(snapshot !== undefined && { snapshot }) });
  }

  console(machine: MachineSpec): MachineConsole {
    const { uri } = this.#libvirt();
    return {
      log: join(machine.folder, CONSOLE_LOG),
      attach: ["virsh", "--connect", uri, "console", domainName(machine.id)],
    };
  }

  #libvirt(): Libvirt {
    return libvirtOf(this.#env);
  }

  /** What QEMU can do for new machines. It is looked for once, with the time that it takes. */
  async #qemu(): Promise<QemuFinding> {
    this.#finding ??= probeLibvirt(this.#env, SEARCH_MS);
    const { probe, qemu } = await this.#finding;
    if (probe.usable) return qemu;
    this.#finding = undefined; // It may be mended meanwhile.
    const { reason, remedy } = probe;
    throw new CloisterError({ code: "machine_unavailable", message: reason, ...(remedy !== undefined && { remedy }) });
  }
}

function imageOf({ image }: MachineSpec): MachineImage {
  if (typeof image === "object") return image;
  throw new CloisterError({
    code: "image_invalid",
    message: `Expected an image that Cloister built, got ${image ?? "none"}.`,
    remedy: "Build one with `cloister image build`, and name it.",
  });
}
