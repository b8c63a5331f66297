import { createLinuxTable } from "./linux-table.ts";
import { createPsTable } from "./ps-table.ts";

/** A process as the system's table shows it. Number and start name it beyond doubt: numbers are used again. */
export type ProcessEntry = {
  readonly pid: number;
  /** When it started, in the table's own unit; comparable only for equality. */
  readonly start: string;
  readonly parent: number;
  readonly group: number;
  /** 0 where the system does not say. */
  readonly session: number;
};

/** The system's processes. Zombies and the caller itself never appear in it. */
export interface ProcessTable {
  /** Time between two looks at the descendants of a running process, in ms: as long as a look is cheap against it. */
  readonly lookEveryMs: number;
  /** Returns a look at every process. */
  all(): readonly ProcessEntry[];
  /** Returns a function that looks at the processes that started after `leader` did (and perhaps at some more). */
  newerThan(leader: number): () => readonly ProcessEntry[];
  /** Returns a test for a marker below `prefix` in the environment that a process was started with. */
  markedBelow(prefix: string): (entry: ProcessEntry) => boolean;
  /** Names the pipe or socket that a process has as output `descriptor` (1 or 2), where the system says. */
  outputOf(pid: number, descriptor: number): string | undefined;
  /** The process `pid`, where it lives. */
  find(pid: number): ProcessEntry | undefined;
}

/** The table of this system: `/proc` on Linux, `ps` elsewhere. */
export const processTable: ProcessTable = process.platform === "linux" ? createLinuxTable() : createPsTable();

/** Finds living processes whose marker is `prefix` or stands below it, wherever they fled to. */
export function findMarked(prefix: string): number[] {
  return processTable
    .all()
    .filter(processTable.markedBelow(prefix))
    .map((entry) => entry.pid);
}

/** Tells whether process `pid` lives (a zombie does not). */
export function isAlive(pid: number): boolean {
  return processTable.find(pid) !== undefined;
}

/** Tells whether that very process lives still, and not another that was given its number. */
export function isSameAlive({ pid, start }: ProcessEntry): boolean {
  return processTable.find(pid)?.start === start;
}
