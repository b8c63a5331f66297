import { existsSync, readdirSync, readFileSync } from "node:fs";

const DEAD = new Set(["Z", "X"]);

/** Tells whether process `pid` is there and no zombie. */
export function isLiving(pid: number): boolean {
  const stat = readProc(pid, "stat");
  // The name stands in parentheses and may itself hold some: the state follows the last one.
  const state = stat.slice(stat.lastIndexOf(")") + 2)[0];
  return state !== undefined && !DEAD.has(state);
}

/** Every living process whose arguments or environment name `word`: whatever belongs to a run names its id somewhere. */
export function livingThatName(word: string): number[] {
  const pids = readdirSync("/proc").map(Number).filter(Number.isInteger);
  return pids.filter((pid) => namesWord(pid, word) && isLiving(pid));
}

/** The process ids in a mock agent's pid file, one a line. */
export function readPids(file: string): number[] {
  return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n").map(Number) : [];
}

function namesWord(pid: number, word: string): boolean {
  return readProc(pid, "cmdline").includes(word) || readProc(pid, "environ").includes(word);
}

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "latin1");
  } catch {
    return ""; // It has ended, or belongs to somebody else.
  }
}
