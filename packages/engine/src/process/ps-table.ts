import { execFileSync } from "node:child_process";
import { MARKER_VARIABLE } from "./marker.ts";
import type { ProcessEntry, ProcessTable } from "./process-table.ts";

const COLUMNS = "pid=,ppid=,pgid=,stat=,lstart=";
const MAX_BYTES = 64 * 1024 * 1024;
const TIMEOUT_MS = 5000;
const LINE = /^\s*(?<pid>\d+)\s+(?<parent>\d+)\s+(?<group>\d+)\s+(?<state>\S+)\s+(?<start>.+)$/;

/**
 * The table that asks `ps`, for systems without `/proc` (macOS). A look costs a process, so looks are rare.
 * `ps` hides the environment of programs that the system protects: such a process is found by descent alone.
 */
export function createPsTable(): ProcessTable {
  const all = (): ProcessEntry[] => parseProcesses(ps("-axo", COLUMNS));
  return {
    lookEveryMs: 5000,
    all,
    newerThan: () => all,
    markedBelow: (prefix) => {
      const marked = parseMarked(ps("-axEwwo", "pid=,command="), prefix);
      return (entry) => marked.has(entry.pid);
    },
    outputOf: () => undefined,
    find: (pid) => parseProcesses(ps("-p", String(pid), "-o", COLUMNS))[0],
  };
}

/** The processes in what `ps -o pid=,ppid=,pgid=,stat=,lstart=` prints, without zombies and the caller. */
export function parseProcesses(table: string): ProcessEntry[] {
  return table.split("\n").flatMap((line) => {
    const { pid, parent, group, state, start } = LINE.exec(line)?.groups ?? {};
    if (pid === undefined || state?.startsWith("Z") === true || Number(pid) === process.pid) return [];
    return [{ pid: Number(pid), parent: Number(parent), group: Number(group), session: 0, start: start?.trim() ?? "" }];
  });
}

/** The numbers of the processes in what `ps -E -o pid=,command=` prints whose marker is below `prefix`. */
export function parseMarked(table: string, prefix: string): Set<number> {
  const escaped = prefix.replaceAll(".", String.raw`\.`);
  const marker = new RegExp(String.raw`^\s*(\d+)\s.*\s${MARKER_VARIABLE}=${escaped}(?:[:\s]|$)`);
  return new Set(
    table
      .split("\n")
      .flatMap((line) => marker.exec(line)?.[1] ?? [])
      .map(Number),
  );
}

function ps(...args: string[]): string {
  try {
    return execFileSync("ps", args, {
      encoding: "utf8",
      maxBuffer: MAX_BYTES,
      timeout: TIMEOUT_MS,
      stdio: ["ignore", "pipe", "ignore"],
    });
  } catch {
    return ""; // `ps -p` ends with 1 where there is no such process; without `ps` the group is all that can be reached.
  }
}
