import { mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { CloisterError, type MachineLimits } from "@cloister/core";
import { isAlive } from "../../process/index.ts";
import { groupProcesses, readGroupFile, removeGroup, subgroups, writeGroupFile } from "./cgroup-files.ts";
import { type Controller, findHierarchies, type Hierarchy } from "./cgroup-places.ts";

/** Where the group of a machine is made: a group that this process may make groups in. */
export type GroupParent = {
  readonly version: 1 | 2;
  readonly controllers: readonly Controller[];
  readonly folder: string;
};

const NAME = /^cloister-([a-z0-9]{12})$/;
/** Ids of groups that are made only to see whether it works begin with it: no machine's does. */
export const PROBE_PREFIX = "probe";
const NEEDED = ["memory", "pids", "cpu"] as const;
const CPU_PERIOD_US = 100_000;
const MIB = 1024 * 1024;
const REMOVE_MS = 2000;
/** Bounds of the search for groups: far beyond what hosts have. */
const MAX_GROUPS = 20_000;
const MAX_DEPTH = 12;

/**
 * Where groups with every needed limit can be made, or undefined. Version 2 if it has the controllers, else version 1.
 * Each is below the group that this process is in, or its nearest ancestor that may have groups with limits.
 */
export function findGroupParents(hierarchies: readonly Hierarchy[] = findHierarchies()): GroupParent[] | undefined {
  const second = hierarchies.find((hierarchy) => hierarchy.version === 2);
  const parent = second && findUnifiedParent(second);
  if (parent !== undefined) return [parent];
  const first = hierarchies.filter((hierarchy) => hierarchy.version === 1);
  const isComplete = NEEDED.every((controller) => first.some(({ controllers }) => controllers.includes(controller)));
  if (!isComplete) return undefined;
  return first.map(({ controllers, own }) => ({ version: 1, controllers, folder: own }));
}

/** A group of version 2 that has processes can't have groups with limits below it: then it is one of its ancestors. */
function findUnifiedParent({ root, own }: Hierarchy): GroupParent | undefined {
  for (let folder = own; folder.startsWith(root); folder = join(folder, ".."))
    if (canHoldLimits(folder)) return { version: 2, controllers: NEEDED, folder };
  return undefined;
}

function canHoldLimits(folder: string): boolean {
  const has = (name: string): boolean => {
    const listed = (readGroupFile(folder, name) ?? "").split(" ");
    return NEEDED.every((controller) => listed.includes(controller));
  };
  if (!has("cgroup.controllers")) return false;
  return has("cgroup.subtree_control") || writeGroupFile(folder, "cgroup.subtree_control", "+memory +pids +cpu");
}

/**
 * Makes the machine's group with its limits, and `name` below it for one process tree. In between, another process may have removed
 * the empty group of the machine: then it is made again.
 * @returns the folder of the group `name`.
 * @throws CloisterError `machine_failed` where the kernel refuses.
 */
export function makeGroup(parent: GroupParent, id: string, request: { name: string; limits: MachineLimits }): string {
  const folder = join(parent.folder, `cloister-${id}`);
  for (let attempt = 0; attempt < 20; attempt += 1) {
    try {
      mkdirSync(folder, { recursive: true });
      const refused = settingsFor(parent, request.limits).find(({ file, value, isOptional }) => {
        return !writeGroupFile(folder, file, value) && isOptional !== true;
      });
      if (refused === undefined) {
        mkdirSync(join(folder, request.name), { recursive: true });
        return join(folder, request.name);
      }
    } catch {
      // Removed between two steps: once more. What is refused for good ends below.
    }
  }
  throw new CloisterError({
    code: "machine_failed",
    message: `Could not make the control group ${folder} with the machine's limits.`,
    remedy: "Check that this user may make control groups there, and that no other program removes them.",
  });
}

type Setting = { readonly file: string; readonly value: string; readonly isOptional?: boolean };

/** The files of a group and what is written to them, in that order. */
function settingsFor({ version, controllers }: GroupParent, limits: MachineLimits): readonly Setting[] {
  const bytes = String(Math.ceil(limits.memoryMib * MIB));
  const quota = String(Math.max(1000, Math.round(limits.cpus * CPU_PERIOD_US)));
  const processes = { file: "pids.max", value: String(limits.processes) };
  if (version === 2) {
    return [
      { file: "memory.max", value: bytes },
      { file: "memory.swap.max", value: "0", isOptional: true },
      { file: "memory.oom.group", value: "1", isOptional: true },
      { file: "cpu.max", value: `${quota} ${CPU_PERIOD_US}` },
      processes,
    ];
  }
  const settings: Record<Controller, readonly Setting[]> = {
    memory: [
      { file: "memory.use_hierarchy", value: "1", isOptional: true },
      { file: "memory.limit_in_bytes", value: bytes },
      { file: "memory.memsw.limit_in_bytes", value: bytes, isOptional: true },
    ],
    pids: [processes],
    cpu: [
      { file: "cpu.cfs_period_us", value: String(CPU_PERIOD_US) },
      { file: "cpu.cfs_quota_us", value: quota },
    ],
    cpuacct: [],
  };
  return controllers.flatMap((controller) => settings[controller]);
}

/** Groups of machines anywhere on this host, as far as this process can see; and of probes whose process has ended before them. */
export function findMachineGroups(): readonly { readonly id: string; readonly folder: string }[] {
  let looked = 0;
  const search = (folder: string, depth: number): { id: string; folder: string }[] => {
    const id = NAME.exec(basename(folder))?.[1];
    if (id !== undefined) return isProbeUnderWay(id, folder) ? [] : [{ id, folder }];
    looked += 1;
    if (depth > MAX_DEPTH || looked > MAX_GROUPS) return [];
    return subgroups(folder).flatMap((group) => search(group, depth + 1));
  };
  return findHierarchies().flatMap(({ root }) => search(root, 0));
}

/** Groups below a machine's are named after the process that made them: see `group-limits.ts`. */
function isProbeUnderWay(id: string, folder: string): boolean {
  const makers = subgroups(folder).map((group) => Number(/^p(\d+)-/.exec(basename(group))?.[1]));
  return id.startsWith(PROBE_PREFIX) && makers.some((pid) => pid === process.pid || isAlive(pid));
}

/** Removes a group as soon as its processes have ended. @returns false where they have not within 2 s. */
export async function removeGroupWhenEmpty(folder: string): Promise<boolean> {
  const deadline = performance.now() + REMOVE_MS;
  for (let wait = 1; !removeGroup(folder); wait = Math.min(wait * 2, 50)) {
    if (performance.now() > deadline) return false;
    await delay(wait);
  }
  return true;
}

/** Ends every process in the groups of a machine, and removes the groups. For what a crash left behind. */
export async function removeMachineGroups(id: string): Promise<void> {
  const folders = findMachineGroups().filter((group) => group.id === id);
  // One pass may miss what is being forked meanwhile; a group of version 2 is killed as a whole.
  for (let round = 0; round < 5; round += 1) for (const { folder } of folders) killGroup(folder);
  await Promise.all(folders.map(({ folder }) => removeGroupWhenEmpty(folder)));
}

function killGroup(folder: string): void {
  if (writeGroupFile(folder, "cgroup.kill", "1")) return;
  for (const pid of groupProcesses(folder)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // ESRCH: it has ended already.
    }
  }
}
