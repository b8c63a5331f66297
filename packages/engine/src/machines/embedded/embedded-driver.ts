import { readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { CloisterError } from "@cloister/core";
import { z } from "zod";
import type { GuestTransport } from "../guest/port.ts";
import { makeSocketFolder, type MachinePlaces } from "../places.ts";
import type {
  DriverProbe,
  ImagePreference,
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
import { connectGuestPort } from "../virtual/guest-port.ts";
import { syncGuest } from "../virtual/guest-work.ts";
import { addLayer, adoptImage, dropUnused } from "../virtual/layers.ts";
import { findProcess, haveGone, killProcesses, notRunning, stateOfProcess } from "../virtual/machine-process.ts";
import { CONSOLE_LOG, recall, recallMade, remember } from "../virtual/record.ts";
import { statsOf } from "../virtual/stats.ts";
import { GUEST_SURROUNDINGS } from "../virtual/surroundings.ts";
import { isBeingMade } from "../virtual/templates.ts";
import { askMachine } from "./control-client.ts";
import { findAllMachines } from "./find-processes.ts";
import { flattenLayers } from "./flatten-layers.ts";
import { ARCHITECTURE, hardwareFor } from "./hardware.ts";
import { launch } from "./launch.ts";
import { cloneMachine, forkMachine, restoreSnapshot, takeSnapshot } from "./snapshots.ts";
import { cloneTemplate, prepareTemplate, templateFingerprint } from "./templates.ts";

const STOP_MS = 5000;

/** What the embedded driver stands on. */
export type EmbeddedOptions = {
  /** Of the user: what the processes of templates are started with. */
  readonly env: Readonly<Record<string, string>>;
  readonly places: Pick<MachinePlaces, "machines" | "templates">;
};

/** Machines that run on Cloister's own engine, in a process of Node each: nothing needs to be installed for them. */
export function createEmbeddedDriver(options: EmbeddedOptions): MachineDriver {
  return new EmbeddedDriver(options);
}

const LIMITATIONS = [
  "The guest is RISC-V on every host, and its processor is emulated: programs run some 20 times slower, and those that exist for another processor alone do not run.",
  "A machine has one processor and 3500 MiB of memory at most, whatever its limits say.",
  "The process of a machine that booted takes 200 to 400 MiB besides the guest's memory, for the engine and the code that it compiles.",
  "The engine runs as the user who starts it: a hole in it, in Node or in V8 opens what that user may open.",
  "The disk may be as large as the limit says or as the image is, whichever is larger; the file system in it is as large as the image made it.",
];

class EmbeddedDriver implements MachineDriver {
  readonly name = "embedded";
  readonly title = "Embedded VM";
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
  readonly images: ImagePreference = { architecture: ARCHITECTURE, usual: "base" };
  readonly templates: MachineTemplates;
  readonly #options: EmbeddedOptions;

  constructor(options: EmbeddedOptions) {
    this.#options = options;
    this.templates = {
      fingerprint: async (spec) => templateFingerprint(spec),
      prepare: (spec) => prepareTemplate(spec, options.env),
    };
  }

  async probe(_context: ProbeContext): Promise<DriverProbe> {
    // The engine itself is loaded where it is needed.
    return (await import("./probe.ts")).probeEngine();
  }

  surroundings(_machine: MachineSpec): MachineSurroundings {
    return GUEST_SURROUNDINGS;
  }

  async create(machine: MachineSpec): Promise<void> {
    const image = imageOf(machine);
    const hardware = hardwareFor(image, machine.limits);
    if (await cloneTemplate(machine, image, this.#options.places.templates)) return;
    adoptImage(image, machine.folder);
    const record = { hardware, layers: addLayer(machine.folder, [], hardware.diskBytes), snapshots: {} };
    remember(machine.folder, record);
    await launch(machine, record);
  }

  async start(machine: MachineSpec): Promise<void> {
    const record = recallMade(machine);
    if (findProcess(machine.folder) !== undefined) return this.resume(machine);
    const flat = { ...record, layers: [...flattenLayers(machine.folder, record.layers)] };
    remember(machine.folder, flat);
    dropUnused(machine.folder, flat);
    await launch(machine, flat);
  }

  async stop(machine: MachineSpec): Promise<void> {
    const running = findProcess(machine.folder);
    if (running === undefined) return;
    // What stands still can't write to its disk what it holds in memory.
    await this.resume(machine);
    await syncGuest(machine.socketFolder);
    await askMachine(machine.socketFolder, { do: "stop" });
    if (!(await haveGone([running], STOP_MS))) await killProcesses([running]);
  }

  async state(machine: MachineSpec): Promise<MachineState> {
    if (recall(machine.folder) === undefined) return "missing";
    const schema = z.enum(["running", "paused"]);
    return stateOfProcess(machine.folder, () => askMachine(machine.socketFolder, { do: "state" }, { schema }));
  }

  async connect(machine: MachineSpec): Promise<GuestTransport> {
    if (findProcess(machine.folder) === undefined) throw notRunning(machine);
    return connectGuestPort(machine.socketFolder);
  }

  async stats(machine: MachineSpec): Promise<MachineStats> {
    return statsOf(machine);
  }

  async destroy(machine: MachineSpec): Promise<void> {
    await killProcesses(findAllMachines().filter(({ id, folder }) => id === machine.id && folder === machine.folder));
    for (const name of readdirSync(machine.socketFolder)) rmSync(join(machine.socketFolder, name), { force: true });
  }

  async found(_context: ProbeContext): Promise<readonly string[]> {
    return this.#all().map(({ id }) => id);
  }

  async remove(id: string, _context: ProbeContext): Promise<void> {
    await killProcesses(this.#all().filter((entry) => entry.id === id));
    rmSync(makeSocketFolder(id), { recursive: true, force: true });
  }

  async pause(machine: MachineSpec): Promise<void> {
    await askMachine(machine.socketFolder, { do: "pause" });
  }

  async resume(machine: MachineSpec): Promise<void> {
    await askMachine(machine.socketFolder, { do: "resume" });
  }

  snapshot(machine: MachineSpec, name: string, kind: SnapshotKind): Promise<SnapshotFacts> {
    return takeSnapshot(machine, name, kind);
  }

  restore(machine: MachineSpec, name: string): Promise<void> {
    return restoreSnapshot(machine, name);
  }

  async removeSnapshot(machine: MachineSpec, name: string): Promise<void> {
    forgetSnapshot(machine, name);
  }

  clone(source: MachineSpec, into: MachineSpec, snapshot?: string): Promise<void> {
    return cloneMachine(source, into, snapshot);
  }

  fork(source: MachineSpec, into: readonly MachineSpec[]): Promise<void> {
    return forkMachine(source, into);
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
}

function imageOf({ image }: MachineSpec): MachineImage {
  if (typeof image === "object") return image;
  throw new CloisterError({
    code: "image_invalid",
    message: `Expected an image that Cloister built, got ${image ?? "none"}.`,
    remedy: `Build one, and name it: cloister image build base --arch ${ARCHITECTURE}`,
  });
}
