import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { withDescendants } from "../../process/family.ts";
import { type ProcessEntry, processTable } from "../../process/process-table.ts";
import { sweep } from "../../process/sweep.ts";
import type { MachineStats } from "../port.ts";

/** The variable in the environment of every process that is started on the host for a machine. */
export const MACHINE_VARIABLE = "CLOISTER_MACHINE";

const IN_ENVIRONMENT = new RegExp(`(?:^|[\\0 ])${MACHINE_VARIABLE}=([a-z0-9]{12})(?=[\\0 ]|$)`);
/** `getconf CLK_TCK` on every Linux that Node runs on. */
const TICK_MS = 10;
const [USER_TICKS, SYSTEM_TICKS] = [11, 12];

/** Processes that were started on the host for machines: machine's id by process number. */
export function findMachineProcesses(): ReadonlyMap<number, string> {
  return new Map(environments().flatMap(([pid, text]) => (pid === process.pid ? [] : ownerOf(pid, text))));
}

function ownerOf(pid: number, environment: string): [number, string][] {
  const id = IN_ENVIRONMENT.exec(environment)?.[1];
  return id === undefined ? [] : [[pid, id]];
}

function environments(): [number, string][] {
  if (process.platform !== "linux") {
    const { stdout } = spawnSync("ps", ["-axEww", "-o", "pid=,command="], { encoding: "utf8", timeout: 2000 });
    return stdout.split("\n").map((line) => [Number.parseInt(line, 10), line]);
  }
  const pids = readdirSync("/proc").map(Number).filter(Number.isInteger);
  return pids.map((pid) => [pid, readProc(`${pid}/environ`)]);
}

function readProc(name: string): string {
  try {
    return readFileSync(`/proc/${name}`, "latin1");
  } catch {
    return ""; // It has ended, or belongs to somebody else.
  }
}

/** Ends every process of a machine on the host and all that descend from them: TERM, KILL for what stays. Settles within 3 s. */
export async function endMachineProcesses(id: string): Promise<void> {
  await sweep(() => membersOf(id));
}

function membersOf(id: string): readonly ProcessEntry[] {
  const owners = findMachineProcesses();
  const entries = processTable.all();
  return withDescendants(
    entries.filter(({ pid }) => owners.get(pid) === id),
    entries,
  );
}

/** What the processes of a machine use that live now. */
export function processUsage(id: string): MachineStats {
  const pids = membersOf(id).map(({ pid }) => pid);
  const sum = (measure: (pid: number) => number): number => pids.reduce((total, pid) => total + measure(pid), 0);
  return { processes: pids.length, cpuMs: sum(cpuTime), memoryKib: sum(proportionalMemory) };
}

function cpuTime(pid: number): number {
  const stat = readProc(`${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[USER_TICKS] ?? 0) + Number(fields[SYSTEM_TICKS] ?? 0)) * TICK_MS;
}

function proportionalMemory(pid: number): number {
  return Number(/^Pss:\s+(\d+) kB$/m.exec(readProc(`${pid}/smaps_rollup`))?.[1] ?? 0);
}
