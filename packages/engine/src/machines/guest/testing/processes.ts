import { readdirSync, readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Numbers of the processes whose environment holds `marker`. */
export function processesWith(marker: string): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && environmentOf(name).includes(marker))
    .map(Number);
}

function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1");
  } catch {
    return ""; // It has ended, or is somebody else's.
  }
}

/** What a process has had in memory at most, in KiB. */
export function peakMemory(pid: number | undefined): number {
  return Number(/^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
}

/** Bytes of buffers that this process holds, garbage aside. */
export function usedMemory(): number {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  // Buffers are given back by another thread, at the latest when the next collection begins.
  for (let round = 0; round < 3; round++) collect();
  return process.memoryUsage().arrayBuffers;
}
