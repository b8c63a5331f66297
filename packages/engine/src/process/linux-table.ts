import { closeSync, openSync, readdirSync, readlinkSync, readSync } from "node:fs";
import { carriesMarker } from "./marker.ts";
import type { ProcessEntry, ProcessTable } from "./process-table.ts";

/** The kernel allows an environment of at most 6 MiB (three quarters of its stack limit). */
const MAX_FILE_BYTES = 8 * 1024 * 1024;
// Places in /proc/PID/stat counted from the state, which follows the name (see proc_pid_stat(5)).
const [STATE, PARENT, GROUP, SESSION, START] = [0, 1, 2, 3, 19];
const DEAD = new Set(["Z", "X", "x"]);

let buffer = Buffer.allocUnsafe(64 * 1024);

/** The table that reads `/proc`. All of it is synchronous: each file is made by the kernel on the spot, in microseconds. */
export function createLinuxTable(): ProcessTable {
  return {
    lookEveryMs: 1000,
    all: () => entriesOf(listPids()),
    newerThan: entriesNewerThan,
    markedBelow: (prefix) => (entry) => carriesMarker(readProc(`${entry.pid}/environ`) ?? "", prefix),
    outputOf,
    find: readEntry,
  };
}

/** The process `pid`, unless it is gone or a zombie. */
function readEntry(pid: number): ProcessEntry | undefined {
  const fields = readStat(pid);
  if (fields === undefined || DEAD.has(fields[STATE] ?? "X")) return undefined;
  const [parent, group, session] = [PARENT, GROUP, SESSION].map((place) => Number(fields[place]));
  return { pid, parent: parent ?? 0, group: group ?? 0, session: session ?? 0, start: fields[START] ?? "" };
}

function readStat(pid: number): readonly string[] | undefined {
  const stat = readProc(`${pid}/stat`);
  // The name stands in parentheses and may itself hold some: what counts begins after the last one.
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ", START + 1);
}

function entriesOf(pids: readonly number[]): ProcessEntry[] {
  return pids.filter((pid) => pid !== process.pid).flatMap((pid) => readEntry(pid) ?? []);
}

/** Start is a count of clock ticks since boot: two of one tick may have started in either order. */
function entriesNewerThan(leader: number): () => ProcessEntry[] {
  const newerPids = createPidWindow(leader);
  const start = Number(readStat(leader)?.[START] ?? 0);
  return () => entriesOf(newerPids()).filter((entry) => Number(entry.start) >= start);
}

function listPids(): number[] {
  try {
    return readdirSync("/proc").map(Number).filter(Number.isInteger);
  } catch {
    return []; // No /proc here: then the process's own group is all that can be reached.
  }
}

/** What {@link createPidWindow} looks at. */
type PidSource = {
  /** Every process's number. */
  readonly list: () => readonly number[];
  /** The number given out last. */
  readonly last: () => number;
};

/**
 * Numbers are given out in rising order, and begin anew at the top. So whatever started after the leader has a number between its own and the last one,
 * going round by the top; most processes of a host are older, and need no look. After a whole round, every process is looked at.
 */
export function createPidWindow(
  leader: number,
  source: PidSource = { list: listPids, last: lastPid },
): () => readonly number[] {
  let rounds = 0;
  let newest = leader;
  return () => {
    const pids = source.list();
    // Read after the list: what goes round in between is not in the list either.
    const last = source.last();
    if (last < newest) rounds += 1;
    newest = last;
    if (rounds === 0) return pids.filter((pid) => pid > leader && pid <= last);
    const isFirstRound = rounds === 1 && last > 0 && last < leader;
    return isFirstRound ? pids.filter((pid) => pid > leader || pid <= last) : pids;
  };
}

/** The number given out last: the end of `/proc/loadavg`. 0 where unknown. */
function lastPid(): number {
  return Number(readProc("loadavg")?.trimEnd().split(" ").at(-1)) || 0;
}

function outputOf(pid: number, descriptor: number): string | undefined {
  try {
    const target = readlinkSync(`/proc/${pid}/fd/${descriptor}`);
    return /^(?:pipe|socket):/.test(target) ? target : undefined;
  } catch {
    return undefined; // It ended, closed it, or belongs to someone else.
  }
}

/** Reads a file of `/proc` into a buffer used again and again: three system calls, half the time of `readFileSync`. */
function readProc(name: string): string | undefined {
  let file: number | undefined;
  try {
    file = openSync(`/proc/${name}`, "r");
    let length = readSync(file, buffer, 0, buffer.length, 0);
    while (length === buffer.length && length < MAX_FILE_BYTES) {
      buffer = Buffer.allocUnsafe(buffer.length * 4);
      length = readSync(file, buffer, 0, buffer.length, 0);
    }
    return buffer.toString("latin1", 0, length);
  } catch {
    return undefined; // It ended between two looks, or belongs to someone else: then it is not ours.
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
