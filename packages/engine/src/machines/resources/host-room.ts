import { existsSync, readFileSync, statfsSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import { dirname } from "node:path";
import type { HostRoom } from "@cloister/core";

const MIB = 1024 * 1024;

/** What this host has, and what of it is free now. */
export type HostResources = { readonly total: HostRoom; readonly free: HostRoom };

/**
 * What this process may use of the host: limits of the control group that it is in count, where there are any.
 * @param folder where machines are kept, or will be: the disk is its.
 */
export function readHostResources(folder: string): HostResources {
  const cpus = availableParallelism();
  const diskMib = freeDiskMib(folder);
  const limit = process.constrainedMemory(); // 0, or far more than there is, where there is none.
  const total = limit > 0 ? Math.min(limit, totalmem()) : totalmem();
  const free = Math.min(total, isLimited(limit) ? process.availableMemory() : freeMemory());
  return {
    total: { memoryMib: Math.floor(total / MIB), cpus, diskMib },
    free: { memoryMib: Math.floor(free / MIB), cpus, diskMib },
  };
}

function isLimited(limit: number): boolean {
  return limit > 0 && limit < totalmem();
}

/** What the kernel could give without swapping: caches count as free. */
function freeMemory(): number {
  if (process.platform !== "linux") return process.availableMemory();
  const kib = /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync("/proc/meminfo", "utf8"))?.[1];
  return kib === undefined ? process.availableMemory() : Number(kib) * 1024;
}

function freeDiskMib(folder: string): number {
  let there = folder;
  while (!existsSync(there) && dirname(there) !== there) there = dirname(there);
  const { bavail, bsize } = statfsSync(there);
  return Math.floor((bavail * bsize) / MIB);
}
