import { rmSync } from "node:fs";
import { homedir } from "node:os";
import {
  cloneDisk,
  completeRestore,
  type FolderDisk,
  removeSnapshot,
  removeTree,
  restoreSnapshot,
  saveSnapshot,
} from "../host/disk-snapshots.ts";
import { endMachineProcesses, findMachineProcesses, processUsage } from "../host/machine-processes.ts";
import {
  readRecord,
  recordedState,
  recordState,
  requireRecord,
  requireRunning,
  writeRecord,
} from "../host/machine-record.ts";
import { applyLimits, findMachineGroups, folderSizeKib, limitsUsage, removeMachineGroups } from "../limits/index.ts";
import type { MachineDriver, MachineSpec, MachineStats, MachineSurroundings } from "../port.ts";
import { findProgramPlaces } from "./program-folders.ts";
import { makeSandboxDisk, sandboxPlaces } from "./sandbox-folder.ts";
import { startSandbox } from "./start-sandbox.ts";
import { bubblewrapWalls, seatbeltWalls, type Walls } from "./walls.ts";

/** What the sandbox driver stands on. */
export type SandboxOptions = {
  /** Of the user: PATH says which programs sandboxes see, HOME what they never see. */
  readonly env: Readonly<Record<string, string>>;
  /** Path of the guest agent's program for this host. */
  readonly guest: () => Promise<string>;
  /** Further folders of the host that sandboxes see, read-only: that of the running Node. Absolute paths. */
  readonly programs?: readonly string[];
  /** Program of bubblewrap; default: the one on PATH. */
  readonly bubblewrap?: string;
};

const LINUX_LIMITATIONS = [
  "It shares the host's kernel: a hole in it is a way out. Use a VM driver for code that you would not run as yourself.",
  "Programs that make sandboxes of their own (Chromium's, bubblewrap in bubblewrap) need to be told not to.",
  "The disk limit is watched, not enforced by the kernel: for a moment more can be written. Files are not counted, only their size.",
  "Where Cloister runs as root, programs inside are the host's root without any of its rights: run it as an ordinary user.",
];
const MACOS_LIMITATIONS = [
  "It was never run on macOS: only the text of the seatbelt profile is tested.",
  "The workspace has another path inside than on the host, programs inside see names of files outside, and memory, processor and processes are not limited.",
];

/**
 * Machines as folders: every connection starts a sandbox of its own on the machine's files, and nothing outlives it. Programs see the
 * host's programs read-only, at their own paths, and no network.
 */
export function createSandboxDriver(options: SandboxOptions): MachineDriver {
  const isMac = process.platform === "darwin";
  const walls = isMac ? seatbeltWalls() : bubblewrapWalls(options.bubblewrap ?? "bwrap");
  return {
    name: "sandbox",
    title: isMac ? "seatbelt sandbox" : "bubblewrap sandbox",
    isolation: "process",
    operations: new Set(["snapshot_disk", "clone", "mounts"]),
    limitations: isMac ? MACOS_LIMITATIONS : LINUX_LIMITATIONS,
    probe: ({ env }) => walls.probe({ ...env }),
    surroundings: (machine) => surroundingsOf(machine, walls, options),
    ...lifecycle(walls, options),
    ...connections(walls, options),
    ...snapshots(walls, options),
    stats: statsOf,
    found: () => Promise.resolve(findLeftovers()),
    remove: endEverything,
  };
}

type Part<Names extends keyof MachineDriver> = Required<Pick<MachineDriver, Names>>;

function lifecycle(walls: Walls, options: SandboxOptions): Part<"create" | "start" | "stop" | "state" | "destroy"> {
  return {
    create: async (machine) => {
      makeSandboxDisk(sandboxPlaces(machine.folder));
      finish(machine, walls, options);
      await Promise.resolve();
    },
    start: async (machine) => {
      completeRestore(diskOf(machine, walls));
      recordState(machine, "running");
      await Promise.resolve();
    },
    stop: async (machine) => {
      recordState(machine, "stopped");
      await endEverything(machine.id);
    },
    state: (machine) => Promise.resolve(recordedState(machine)),
    destroy: async (machine) => {
      await endEverything(machine.id);
      await removeTree(machine.folder);
    },
  };
}

/** The last step of making a machine: until its record is there, it is missing. */
function finish(machine: MachineSpec, walls: Walls, { env, programs = [] }: SandboxOptions): void {
  walls.furnish(machine);
  const found = findProgramPlaces({ path: env["PATH"] ?? "", home: env["HOME"] ?? homedir(), extra: programs });
  writeRecord(machine, { state: "running", path: found.path, programs: [...found.places] });
}

function connections(walls: Walls, options: SandboxOptions): Part<"connect"> {
  return {
    connect: async (machine) => {
      const { programs } = requireRunning(machine);
      completeRestore(diskOf(machine, walls));
      const { disk } = sandboxPlaces(machine.folder);
      const { argv, filter } = walls.command(machine, { programs, guest: await options.guest() });
      const applied = await applyLimits(machine);
      return startSandbox({
        argv: applied.wrap(argv),
        env: { PATH: options.env["PATH"] ?? "/usr/bin:/bin", ...machine.env },
        ...(filter === undefined ? {} : { filter }),
        applied,
        disk,
        diskMib: machine.limits.diskMib,
      });
    },
  };
}

function snapshots(walls: Walls, options: SandboxOptions): Part<"snapshot" | "restore" | "removeSnapshot" | "clone"> {
  return {
    snapshot: (machine, name) => saveSnapshot(diskOf(machine, walls), name),
    restore: async (machine, name) => {
      await endEverything(machine.id);
      await restoreSnapshot(diskOf(machine, walls), name);
    },
    removeSnapshot: (machine, name) => removeSnapshot(diskOf(machine, walls), name),
    clone: async (source, into, snapshot) => {
      requireRecord(source);
      const { disk, snapshots: place } = sandboxPlaces(into.folder);
      rmSync(place, { recursive: true, force: true });
      await cloneDisk(diskOf(source, walls), disk, snapshot);
      makeSandboxDisk(sandboxPlaces(into.folder));
      finish(into, walls, options);
    },
  };
}

function diskOf({ folder }: MachineSpec, walls: Walls): FolderDisk {
  const { disk, snapshots: place } = sandboxPlaces(folder);
  return { disk, snapshots: place, copy: (from, into) => walls.copy(from, into) };
}

function surroundingsOf(machine: MachineSpec, walls: Walls, options: SandboxOptions): MachineSurroundings {
  const home = walls.home(sandboxPlaces(machine.folder));
  const path = readRecord(machine)?.path ?? options.env["PATH"] ?? "/usr/bin:/bin";
  const env = { PATH: path, HOME: home, LANG: "C.UTF-8", USER: "agent", LOGNAME: "agent", SHELL: "/bin/sh" };
  return { home, env, hostPrograms: true, hostNetwork: false };
}

async function statsOf(machine: MachineSpec): Promise<MachineStats> {
  const diskKib = await folderSizeKib(machine.folder);
  const usage = { ...processUsage(machine.id), ...limitsUsage(machine.id) };
  return { ...usage, ...(diskKib === undefined ? {} : { diskKib }) };
}

function findLeftovers(): readonly string[] {
  return [...new Set([...findMachineProcesses().values(), ...findMachineGroups().map(({ id }) => id)])];
}

async function endEverything(id: string): Promise<void> {
  await endMachineProcesses(id);
  await removeMachineGroups(id);
}
