import type { MachineLimits } from "@cloister/core";
import { readGroupCount, readGroupFile } from "./cgroup-files.ts";
import { memoryBreach } from "./memory-breach.ts";
import type { LimitBreach } from "./port.ts";

/**
 * Looks from now on at what the kernel counts of the processes in some control groups.
 * @param folders of the groups: those that hold the limits, and those below them that processes are in
 * @returns what tells the first limit that was hit since then. Two to four reads of kernel files a group.
 */
export function watchGroups(
  folders: readonly string[],
  { memoryMib, processes }: Pick<MachineLimits, "memoryMib" | "processes">,
): () => LimitBreach | undefined {
  const before = countEvents(folders);
  return () => {
    const now = countEvents(folders);
    if (now.memory > before.memory) return memoryBreach(memoryMib);
    if (now.processes <= before.processes) return undefined;
    return { limit: "processes", detail: `It tried to have more than its ${processes} processes and threads.` };
  };
}

type Events = { readonly memory: number; readonly processes: number };

function countEvents(folders: readonly string[]): Events {
  const sum = (count: (folder: string) => number): number =>
    folders.reduce((total, folder) => total + count(folder), 0);
  return { memory: sum(countKills), processes: sum((folder) => readGroupCount(folder, "pids.events", "max")) };
}

/**
 * How often there was no memory left within a group's own limit. Version 1 counts processes that were ended in the group itself. Version 2
 * counts those in the groups below as well, whose limits may be lower, but also tells the occasions on which the limit was the group's own
 * (Linux 5.2 and later).
 */
function countKills(folder: string): number {
  if (readGroupFile(folder, "memory.events.local") !== undefined)
    return readGroupCount(folder, "memory.events.local", "oom");
  return readGroupCount(folder, "memory.events", "oom_kill") + readGroupCount(folder, "memory.oom_control", "oom_kill");
}
