import { readFileSync, readdirSync } from "node:fs";
import { execFileSync } from "node:child_process";

/** The name of the environment variable that carries the marker. */
export const MARKER_VARIABLE = "CLOISTER_PROCESS_MARKER";

/**
 * Finds living processes whose environment carries a marker that starts with `prefix`, wherever they fled to.
 * Linux reads `/proc`; elsewhere `ps` is asked. Zombies do not count, nor does the caller.
 */
export function findMarked(prefix: string): number[] {
  return process.platform === "linux" ? findInProc(prefix) : findWithPs(prefix);
}

/** Tells whether process `pid` lives (a zombie does not). */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error: unknown) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  return process.platform !== "linux" || !isZombie(pid);
}

function isZombie(pid: number): boolean {
  const stat = readProc(pid, "stat");
  if (stat === undefined) return true;
  return stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3) === "Z";
}

function findInProc(prefix: string): number[] {
  const wanted = `${MARKER_VARIABLE}=${prefix}`;
  const found: number[] = [];
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const environment = readProc(pid, "environ");
    if (environment === undefined || environment === "") continue;
    if (environment.startsWith(wanted) || environment.includes(`\0${wanted}`)) {
      if (!isZombie(pid)) found.push(pid);
    }
  }
  return found;
}

function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "latin1");
  } catch {
    return undefined; // It ended between two looks, or belongs to someone else: then it is not ours.
  }
}

function findWithPs(prefix: string): number[] {
  const table = execFileSync("ps", ["-axEwwo", "pid=,command="], { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  return table
    .split("\n")
    .filter((line) => line.includes(`${MARKER_VARIABLE}=${prefix}`))
    .map((line) => Number.parseInt(line, 10))
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid);
}
