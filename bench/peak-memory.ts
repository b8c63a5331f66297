import { readFileSync } from "node:fs";

/** The most memory that a process ever held (`VmHWM`), in MB; 0 where it is gone. */
export function readPeak(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "latin1");
    return (Number(/VmHWM:\s*(\d+) kB/.exec(status)?.[1] ?? 0) * 1024) / 1e6;
  } catch {
    return 0; // It ended since: what was read before stands.
  }
}
