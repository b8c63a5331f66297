import { setTimeout as delay } from "node:timers/promises";
import { findMarked, isAlive } from "./proc-table.ts";

const CHECK_MS = 20;
const TERM_MS = 500;
const KILL_MS = 2000;

/** Sends a signal to the group that process `leader` leads; a group that is gone is no error. */
export function signalGroup(leader: number | undefined, signal: NodeJS.Signals): void {
  if (leader !== undefined) send(-leader, signal);
}

/**
 * Ends whatever is left of a process whose leader has ended: its group, and every process that carries `marker`.
 * TERM first, KILL for what still lives. Settles when none lives, or after 2.5 s where one cannot be killed.
 * @returns how many processes had outlived the leader.
 */
export async function sweep(leader: number, marker: string): Promise<number> {
  signalGroup(leader, "SIGTERM");
  const left = findMarked(marker);
  if (left.length === 0) return 0;
  await endAll(left, "SIGTERM", TERM_MS);
  const deadline = performance.now() + KILL_MS;
  for (let rest = findMarked(marker); rest.length > 0 && performance.now() < deadline; rest = findMarked(marker)) {
    signalGroup(leader, "SIGKILL");
    await endAll(rest, "SIGKILL", TERM_MS);
  }
  return left.length;
}

async function endAll(pids: readonly number[], signal: NodeJS.Signals, limitMs: number): Promise<void> {
  for (const pid of pids) send(pid, signal);
  const deadline = performance.now() + limitMs;
  while (pids.some(isAlive) && performance.now() < deadline) await delay(CHECK_MS);
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // ESRCH: it is gone already, which is what was wanted.
  }
}
