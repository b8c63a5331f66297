import { basename, dirname, join } from "node:path";
import { readGroupCount, readGroupFile, removeGroup } from "./cgroup-files.ts";
import { launchUnder } from "./launcher.ts";
import { findMachineGroups, type GroupParent, makeGroup, removeGroupWhenEmpty } from "./machine-groups.ts";
import type { AppliedLimits, LimitsRequest, LimitsUsage } from "./port.ts";
import { watchGroups } from "./watch-groups.ts";

let made = 0;

/** Limits by control groups: one group for the machine, which holds the limits, and one below it for each process tree. */
export function applyGroupLimits(parents: readonly GroupParent[], { id, limits }: LimitsRequest): AppliedLimits {
  made += 1;
  const name = `p${process.pid}-${made}`;
  const groups = parents.map((parent) => ({ ...parent, folder: makeGroup(parent, id, { name, limits }) }));
  const folders = groups.map(({ folder }) => folder);
  // Some kernels count in the group of the process, some in the one with the limit.
  const breach = watchGroups(
    folders.flatMap((folder) => [folder, dirname(folder)]),
    limits,
  );
  return {
    method: parents[0]?.version === 2 ? "cgroup_v2" : "cgroup_v1",
    wrap: (argv) =>
      launchUnder(
        folders.map((folder) => join(folder, "cgroup.procs")),
        limits.diskMib,
        argv,
      ),
    breach,
    release: async () => {
      await Promise.all(folders.map(removeGroupWhenEmpty));
      for (const folder of folders) if (basename(dirname(folder)) === `cloister-${id}`) removeGroup(dirname(folder));
    },
  };
}

/** What all processes under a machine's limits use together, on a host that limits by control groups. Empty where it has no groups. */
export function limitsUsage(id: string): LimitsUsage {
  const folders = findMachineGroups().flatMap((group) => (group.id === id ? [group.folder] : []));
  const read = (file: string): number | undefined => {
    const text = folders.map((folder) => readGroupFile(folder, file)).find((found) => found !== undefined);
    return text === undefined ? undefined : Number(text);
  };
  const cpuMs = cpuTime(folders, read("cpuacct.usage"));
  const bytes = read("memory.current") ?? read("memory.usage_in_bytes");
  const processes = read("pids.current");
  return {
    ...(cpuMs === undefined ? {} : { cpuMs }),
    ...(bytes === undefined ? {} : { memoryKib: Math.round((bytes - inactiveFiles(folders)) / 1024) }),
    ...(processes === undefined ? {} : { processes }),
  };
}

function cpuTime(folders: readonly string[], nanoseconds: number | undefined): number | undefined {
  if (nanoseconds !== undefined) return nanoseconds / 1e6;
  const microseconds = Math.max(0, ...folders.map((folder) => readGroupCount(folder, "cpu.stat", "usage_usec")));
  return microseconds === 0 ? undefined : microseconds / 1000;
}

/** Cached files that nothing used lately: the kernel takes them back as soon as it needs room. In bytes. */
function inactiveFiles(folders: readonly string[]): number {
  const count = (folder: string, key: string): number => readGroupCount(folder, "memory.stat", key);
  // Only version 1 has the first: there the second does not count the groups below.
  return Math.max(
    0,
    ...folders.map((folder) => count(folder, "total_inactive_file") || count(folder, "inactive_file")),
  );
}
