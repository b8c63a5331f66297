import { readdirSync, readFileSync } from "node:fs";
import type { MachineSpec, MachineStats } from "../port.ts";
import { diskKib } from "./layers.ts";
import { findProcess } from "./machine-process.ts";

/** Linux counts in hundredths of a second, whatever its own clock: sysconf(_SC_CLK_TCK). */
const TICK_MS = 10;
/** Places in /proc/PID/stat counted from the state, which follows the name: proc_pid_stat(5). */
const [USER_TICKS, SYSTEM_TICKS] = [11, 12];

/** What a machine uses, read from the system's tables: nothing is asked of the machine. */
export function statsOf({ folder }: MachineSpec): MachineStats {
  const written = readdirSync(folder).filter((file) => /^(?:layer|state)-|\.log$/.test(file));
  const disk = { diskKib: diskKib(folder, written) };
  const running = findProcess(folder);
  if (running === undefined || process.platform !== "linux") return disk;
  try {
    return { ...disk, cpuMs: cpuMsOf(running.pid), memoryKib: memoryKibOf(running.pid) };
  } catch {
    return disk; // It has ended meanwhile.
  }
}

function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[USER_TICKS]) + Number(fields[SYSTEM_TICKS])) * TICK_MS;
}

function memoryKibOf(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "latin1");
  return Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1] ?? 0);
}
