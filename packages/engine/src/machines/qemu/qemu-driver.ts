import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { CloisterError } from "@cloister/core";
import type { GuestTransport } from "../guest/port.ts";
import { removeMachineGroups } from "../limits/index.ts";
import { makeSocketFolder, type MachinePlaces } from "../places.ts";
import type {
  DriverProbe,
  MachineConsole,
  MachineDriver,
  MachineImage,
  MachineSpec,
  MachineState,
  MachineStats,
  MachineSurroundings,
  MachineTemplates,
  OptionalOperation,
  ProbeContext,
  SnapshotFacts,
  SnapshotKind,
} from "../port.ts";
import { forgetSnapshot } from "../virtual/forget-snapshot.ts";
import { AGENT_SOCKET, GUEST_PORTS, connectGuestPort, guestSocket } from "../virtual/guest-port.ts";
import { syncGuest } from "../virtual/guest-work.ts";
import { addLayer, adoptImage, dropUnused, flatten } from "../virtual/layers.ts";
import { findProcess, haveGone, killProcesses, notRunning, stateOfProcess } from "../virtual/machine-process.ts";
import { CONSOLE_LOG, recall, recallMade, remember } from "../virtual/record.ts";
import { statsOf } from "../virtual/stats.ts";
import { GUEST_SURROUNDINGS } from "../virtual/surroundings.ts";
import { isBeingMade } from "../virtual/templates.ts";
import { SOCKETS } from "./command-line.ts";
import { hardwareFor } from "./hardware.ts";
import { launch, steer } from "./launch.ts";
import { queryStatus } from "./migration.ts";
import { type QemuFinding, probeQemu } from "./probe.ts";
import { findAllMachines } from "./find-processes.ts";
import { cloneMachine, forkMachine, restoreSnapshot, takeSnapshot } from "./snapshots.ts";
import { cloneTemplate, prepareTemplate, templateFingerprint } from "./templates.ts";

const QUIT_MS = 3000;

/** What the QEMU driver stands on. */
export type QemuOptions = {
  /** Of the user: PATH finds QEMU. */
  readonly env: Readonly<Record<string, string>>;
  readonly places: Pick<MachinePlaces, "machines" | "templates">;
};

/** Machines that are virtual machines of QEMU, on KVM or HVF where these work, else emulated. */
export function createQemuDriver(options: QemuOptions): MachineDriver {
  return new QemuDriver(options);
}

const LIMITATIONS = [
  "Where neither KVM nor HVF works, the processor is emulated: programs run some 20 times slower; a RISC-V machine has one processor then.",
  "KVM, HVF and arm64 machines were written by QEMU's documentation, and never run on real hardware by their makers.",
  "QEMU runs as the user who starts it, behind its own system call filter: a hole in QEMU opens what that user may open.",
  "Clones of one template share pages of its memory: who can time their own memory may learn what others use. One template for one trust.",
  "The disk may be as large as the limit says or as the image is, whichever is larger; the file system in it is as large as the image made it.",
];

class QemuDriver implements MachineDriver {
  readonly name = "qemu";
  readonly title = "Virtual machine (QEMU)";
  readonly isolation = "virtual_machine";
  readonly operations: ReadonlySet<OptionalOperation> = new Set([
    "pause",
    "snapshot_disk",
    "snapshot_full",
    "clone",
    "fork",
    "template",
    "console",
  ]);
  readonly limitations: readonly string[] = LIMITATIONS;
  readonly templates: MachineTemplates;
  readonly #options: QemuOptions;
  #finding: Promise<QemuFinding> | undefined;

  constructor(options: QemuOptions) {
    this.#options = options;
    this.templates = {
      fingerprint: async (spec) => templateFingerprint(spec, await this.#found()),
      prepare: async (spec) => prepareTemplate(spec, await this.#found(), options.env),
    };
  }

  async probe({ env }: ProbeContext): Promise<DriverProbe> {
    this.#finding ??= probeQemu(env);
    const { probe } = await this.#finding;
    // It may be mended meanwhile.
    if (!probe.usable) this.#finding = undefined;
    return probe;
  }

  surroundings(_machine: MachineSpec): MachineSurroundings {
    return GUEST_SURROUNDINGS;
  }

  async create(machine: MachineSpec): Promise<void> {
    const image = imageOf(machine);
    const finding = await this.#found();
    if (await cloneTemplate(machine, { image, templates: this.#options.places.templates, finding })) return;
    adoptImage(image, machine.folder);
    const hardware = hardwareFor(image, machine.limits, finding);
    const record = { hardware, layers: addLayer(machine.folder, [], hardware.diskBytes), snapshots: {} };
    remember(machine.folder, record);
    await launch(machine, record, { kind: "boot" });
  }

  async start(machine: MachineSpec): Promise<void> {
    const record = recallMade(machine);
    if (findProcess(machine.folder) !== undefined) return this.resume(machine);
    const flat = { ...record, layers: [...(await flatten(machine.folder, record.layers, machine.env))] };
    remember(machine.folder, flat);
    dropUnused(machine.folder, flat);
    await launch(machine, flat, { kind: "boot" });
  }

  async stop(machine: MachineSpec): Promise<void> {
    const running = findProcess(machine.folder);
    if (running === undefined) return;
    // What stands still can't write to its disk what it holds in memory.
    await this.resume(machine);
    await syncGuest(machine.socketFolder);
    using monitor = await steer(machine);
    await monitor.execute("quit");
    if (!(await haveGone([running], QUIT_MS))) await killProcesses([running]);
    await removeMachineGroups(machine.id);
  }

  async state(machine: MachineSpec): Promise<MachineState> {
    if (recall(machine.folder) === undefined) return "missing";
    return stateOfProcess(machine.folder, async () => {
      using monitor = await steer(machine, "watch");
      const { status } = await queryStatus(monitor);
      return status === "paused" ? "paused" : "running";
    });
  }

  async connect(machine: MachineSpec): Promise<GuestTransport> {
    if (findProcess(machine.folder) === undefined) throw notRunning(machine);
    return connectGuestPort(machine.socketFolder);
  }

  async stats(machine: MachineSpec): Promise<MachineStats> {
    return statsOf(machine);
  }

  async destroy(machine: MachineSpec): Promise<void> {
    const running = findProcess(machine.folder);
    const others = findAllMachines().filter(({ id, folder }) => id === machine.id && folder === machine.folder);
    await killProcesses([...others, ...(running === undefined ? [] : [running])]);
    await removeMachineGroups(machine.id);
    removeSockets(machine.socketFolder);
  }

  async found(_context: ProbeContext): Promise<readonly string[]> {
    return this.#all().map(({ id }) => id);
  }

  async remove(id: string, _context: ProbeContext): Promise<void> {
    await killProcesses(this.#all().filter((entry) => entry.id === id));
    await removeMachineGroups(id);
    rmSync(makeSocketFolder(id), { recursive: true, force: true });
  }

  async pause(machine: MachineSpec): Promise<void> {
    using monitor = await steer(machine);
    await monitor.execute("stop");
  }

  async resume(machine: MachineSpec): Promise<void> {
    using monitor = await steer(machine);
    await monitor.execute("cont");
  }

  async snapshot(machine: MachineSpec, name: string, kind: SnapshotKind): Promise<SnapshotFacts> {
    return takeSnapshot(machine, { name, kind }, await this.#found());
  }

  async restore(machine: MachineSpec, name: string): Promise<void> {
    await restoreSnapshot(machine, name, await this.#found());
  }

  async removeSnapshot(machine: MachineSpec, name: string): Promise<void> {
    forgetSnapshot(machine, name);
  }

  async clone(source: MachineSpec, into: MachineSpec, snapshot?: string): Promise<void> {
    const finding = await this.#found();
    await cloneMachine(source, into, { finding, ...(snapshot !== undefined && { snapshot }) });
  }

  async fork(source: MachineSpec, into: readonly MachineSpec[]): Promise<void> {
    await forkMachine(source, into);
  }

  console(machine: MachineSpec): MachineConsole {
    return { log: join(machine.folder, CONSOLE_LOG) };
  }

  /** Processes of this user's machines; templates that somebody is making are not left over. */
  #all(): ReturnType<typeof findAllMachines> {
    const { machines, templates } = this.#options.places;
    return findAllMachines().filter(({ folder }) => {
      const home = dirname(folder);
      return home === machines || (home === templates && !isBeingMade(folder));
    });
  }

  async #found(): Promise<QemuFinding> {
    const { usable, reason, remedy } = await this.probe({ env: this.#options.env });
    if (!usable || this.#finding === undefined)
      throw new CloisterError({
        code: "machine_unavailable",
        message: reason,
        ...(remedy !== undefined && { remedy }),
      });
    return this.#finding;
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

function removeSockets(folder: string): void {
  const guests = Array.from({ length: GUEST_PORTS }, (_, port) => guestSocket(port));
  const own = [SOCKETS.monitor, SOCKETS.watch, SOCKETS.migration, AGENT_SOCKET];
  const names = [...own, ...guests, ...guests.map((name) => `${name}.lock`)];
  for (const name of names) rmSync(join(folder, name), { force: true });
}
