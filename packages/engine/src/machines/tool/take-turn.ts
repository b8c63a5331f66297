import { setTimeout as delay } from "node:timers/promises";
import { CloisterError } from "@cloister/core";
import { takeLock } from "../../runs/lock.ts";

const OTHERS_MS = 300_000;
const OTHERS_POLL_MS = 100;

/**
 * Takes a lock that others hold for as long as making or removing a machine takes: 5 minutes at most.
 * @param path of the lock's file. @throws CloisterError `run_busy` where the turn does not come.
 */
export async function takeTurn(path: string): Promise<Disposable> {
  const deadline = performance.now() + OTHERS_MS;
  for (;;) {
    try {
      return takeLock(path);
    } catch (error: unknown) {
      if (!CloisterError.isInstance(error) || performance.now() > deadline) throw error;
      await delay(OTHERS_POLL_MS);
    }
  }
}
