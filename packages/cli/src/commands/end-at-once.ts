import { setTimeout as delay } from "node:timers/promises";
import { killRun, lockHolder, markerFor } from "@cloister/engine";
import type { OpenedRun } from "./open-run.ts";

const GRACE_MS = 5000;
const CHECK_MS = 50;

/**
 * The emergency stop: asks the run's process to end, ends it by force where it has not within 5 s, then ends whatever the run
 * started, wherever it fled to. Settles when that is done.
 * @returns what became of it, as the end of a sentence on the run.
 */
export async function endAtOnce({ run, paths }: OpenedRun): Promise<string> {
  const ended = await endProcess(paths.lock);
  const killed = await killRun(markerFor(run));
  return `${ended}; ${killed} left-over processes were ended`;
}

async function endProcess(lock: string): Promise<string> {
  if (!signal(lock, "SIGTERM")) return "was not at work";
  const deadline = performance.now() + GRACE_MS;
  while (performance.now() < deadline) {
    if (lockHolder(lock) === undefined) return "has ended";
    await delay(CHECK_MS);
  }
  signal(lock, "SIGKILL");
  return "did not answer and was killed";
}

/** Signals the lock's holder, which is looked up each time: its process id might belong to another by now. */
function signal(lock: string, name: NodeJS.Signals): boolean {
  const holder = lockHolder(lock);
  if (holder === undefined) return false;
  try {
    process.kill(holder.pid, name);
    return true;
  } catch {
    return false; // It ended between the look and the signal.
  }
}
