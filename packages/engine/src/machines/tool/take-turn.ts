import { setTimeout as delay } from "node:timers/promises";
import { takeLock, tryLock } from "../../runs/lock.ts";

const OTHERS_MS = 300_000;
const OTHERS_POLL_MS = 100;

/**
 * Takes a lock that others hold for as long as making or removing a machine takes: 5 minutes at most.
 * @param path of the lock's file. @throws CloisterError `run_busy` where the turn does not come.
 */
export async function takeTurn(path: string): Promise<Disposable> {
  const deadline = performance.now() + OTHERS_MS;
  for (;;) {
    const isLast = performance.now() > deadline;
    const turn = isLast ? takeLock(path) : tryLock(path);
    if (turn !== undefined) return turn;
    await delay(OTHERS_POLL_MS);
  }
}
