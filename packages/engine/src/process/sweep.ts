import { setTimeout as delay } from "node:timers/promises";
import { withDescendants } from "./family.ts";
import { checkMarker } from "./marker.ts";
import { isSameAlive, type ProcessEntry, processTable } from "./process-table.ts";

/** Who was signalled together with the leader may end a little after it, and is no survivor. */
const LAST_BREATH_MS = 20;
const TERM_MS = 500;
const KILL_MS = 2000;
/** Time for the killed to go before the next look. */
const GONE_MS = 100;
const LONGEST_WAIT_MS = 20;

/** Sends a signal to the group that process `leader` leads; a group that is gone is no error. */
export function signalGroup(leader: number | undefined, signal: NodeJS.Signals): void {
  if (leader !== undefined) send(-leader, signal);
}

/**
 * Ends every process that `find` finds: TERM first, KILL for what still lives. Settles when it finds none, or after 2.5 s where one cannot be killed.
 * @returns how many processes had to be ended.
 */
export async function sweep(find: () => readonly ProcessEntry[]): Promise<number> {
  let living = find();
  if (living.length === 0) return 0;
  await untilGone(living, LAST_BREATH_MS);
  living = find();
  const seen = new Set<string>();
  const endAll = async (signal: NodeJS.Signals, limitMs: number): Promise<void> => {
    for (const { pid, start } of living) {
      seen.add(`${pid} ${start}`);
      send(pid, signal);
    }
    await untilGone(living, limitMs);
    living = find();
  };
  await endAll("SIGTERM", TERM_MS);
  const deadline = performance.now() + KILL_MS;
  while (living.length > 0 && performance.now() < deadline) await endAll("SIGKILL", GONE_MS);
  return seen.size;
}

/**
 * Ends every process of a run, or of one of its iterations, whoever started it: what a Cloister that was killed left behind.
 * @param marker what `markerFor` returns.
 * @returns how many processes there were.
 */
export function killRun(marker: string): Promise<number> {
  checkMarker(marker);
  return sweep(() => {
    const entries = processTable.all();
    return withDescendants(entries.filter(processTable.markedBelow(marker)), entries);
  });
}

async function untilGone(entries: readonly ProcessEntry[], limitMs: number): Promise<void> {
  const deadline = performance.now() + limitMs;
  for (let wait = 1; entries.some(isSameAlive) && performance.now() < deadline; wait *= 2) {
    await delay(Math.min(wait, LONGEST_WAIT_MS));
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // ESRCH: it is gone already, which is what was wanted. EPERM: it became somebody else's, and is out of reach.
  }
}
