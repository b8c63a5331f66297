import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { folderSizeKib } from "../limits/index.ts";
import type { MachineDriver, MachineSpec } from "../port.ts";
import { processTransport, runTool } from "../tool/index.ts";
import {
  cloneDisk,
  completeRestore,
  type FolderDisk,
  removeSnapshot,
  removeTree,
  restoreSnapshot,
  saveSnapshot,
} from "./disk-snapshots.ts";
import { endMachineProcesses, findMachineProcesses, processUsage } from "./machine-processes.ts";
import { recordedState, recordState, requireRecord, requireRunning, writeRecord } from "./machine-record.ts";

/** What the host driver stands on. */
export type HostOptions = {
  /** Of the user: programs run with its PATH and HOME. */
  readonly env: Readonly<Record<string, string>>;
  /** Path of the guest agent's program for this host. */
  readonly guest: () => Promise<string>;
};

const COPY_MS = 600_000;

/**
 * No isolation: programs run on the host, as the user, with the user's home, because that is where agents keep their logins. Only the
 * folder that they start in is the machine's own; it is all that snapshots and copies hold.
 */
export function createHostDriver(options: HostOptions): MachineDriver {
  return {
    name: "host",
    title: "this host, without isolation",
    isolation: "none",
    operations: new Set(["snapshot_disk", "clone"]),
    limitations: [
      "Nothing is kept from programs in it: they can read, change and send away whatever this user can.",
      "Limits of memory, processor, processes and disk are not enforced, and mounts are not made: every path is the host's own.",
      "Snapshots and copies hold the machine's own folder alone, not the workspace and not the home folder.",
    ],
    probe: async () => {
      await Promise.resolve();
      return {
        usable: true,
        acceleration: "native",
        reason: "Programs run as ordinary processes: there is no isolation at all.",
      };
    },
    surroundings: () => surroundingsOf(options.env),
    ...lifecycle(),
    connect: (machine) => connect(machine, options),
    stats: async ({ id, folder }) => {
      const diskKib = await folderSizeKib(folder);
      return { ...processUsage(id), ...(diskKib === undefined ? {} : { diskKib }) };
    },
    found: () => Promise.resolve([...new Set(findMachineProcesses().values())]),
    remove: endMachineProcesses,
    ...snapshots(),
  };
}

function surroundingsOf(env: HostOptions["env"]): ReturnType<MachineDriver["surroundings"]> {
  const home = env["HOME"] ?? homedir();
  const own = { PATH: env["PATH"] ?? "/usr/local/bin:/usr/bin:/bin", HOME: home, LANG: env["LANG"] ?? "C.UTF-8" };
  return { home, env: own, hostPrograms: true, hostNetwork: true };
}

type Part<Names extends keyof MachineDriver> = Required<Pick<MachineDriver, Names>>;

function lifecycle(): Part<"create" | "start" | "stop" | "state" | "destroy"> {
  return {
    create: async (machine) => {
      mkdirSync(diskOf(machine).disk, { recursive: true, mode: 0o700 });
      finish(machine);
      await Promise.resolve();
    },
    start: async (machine) => {
      completeRestore(diskOf(machine));
      recordState(machine, "running");
      await Promise.resolve();
    },
    stop: async (machine) => {
      recordState(machine, "stopped");
      await endMachineProcesses(machine.id);
    },
    state: (machine) => Promise.resolve(recordedState(machine)),
    destroy: async (machine) => {
      await endMachineProcesses(machine.id);
      await removeTree(machine.folder);
    },
  };
}

/** The last step of making a machine: until its record is there, it is missing. */
function finish(machine: MachineSpec): void {
  mkdirSync(diskOf(machine).snapshots, { recursive: true, mode: 0o700 });
  writeRecord(machine, { state: "running", path: "", programs: [] });
}

async function connect(machine: MachineSpec, { env, guest }: HostOptions): ReturnType<MachineDriver["connect"]> {
  requireRunning(machine);
  completeRestore(diskOf(machine));
  const own = { ...surroundingsOf(env).env, ...machine.env };
  return processTransport(await guest(), ["serve", "--stdio"], { env: own, cwd: diskOf(machine).disk });
}

function snapshots(): Part<"snapshot" | "restore" | "removeSnapshot" | "clone"> {
  return {
    snapshot: (machine, name) => saveSnapshot(diskOf(machine), name),
    restore: async (machine, name) => {
      await endMachineProcesses(machine.id);
      await restoreSnapshot(diskOf(machine), name);
    },
    removeSnapshot: (machine, name) => removeSnapshot(diskOf(machine), name),
    clone: async (source, into, snapshot) => {
      requireRecord(source);
      await cloneDisk(diskOf(source), diskOf(into).disk, snapshot);
      finish(into);
    },
  };
}

function diskOf({ folder }: MachineSpec): FolderDisk {
  return { disk: join(folder, "disk"), snapshots: join(folder, "snapshots"), copy };
}

async function copy(from: string, into: string): Promise<void> {
  mkdirSync(into, { mode: 0o700 });
  const how = process.platform === "darwin" ? ["-cRp"] : ["--archive", "--reflink=auto"];
  await runTool("cp", [...how, `${from}/.`, into], { env: { PATH: "/usr/bin:/bin" }, timeLimitMs: COPY_MS });
}
