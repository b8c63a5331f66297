import { open, rm, stat } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { hasCode } from "./error-code.ts";

/** A holder that is older was ended in the middle: nobody saves for so long. In milliseconds. */
const STALE_AFTER = 10_000;
/** How often a waiting process looks again, in milliseconds. */
const LOOK_EVERY = 10;

/**
 * Does something while no other process does it that asks for the same lock. The lock is a courtesy: whoever doesn't get it in time goes
 * on without, so what is done has to be safe anyhow.
 * @param path of a file that stands for the lock @param waitMs how long to wait for it, in milliseconds
 */
export async function withSaveLock<Result>(path: string, waitMs: number, act: () => Promise<Result>): Promise<Result> {
  const isHeld = await takeLock(path, performance.now() + waitMs);
  try {
    return await act();
  } finally {
    if (isHeld) await rm(path, { force: true });
  }
}

async function takeLock(path: string, end: number): Promise<boolean> {
  while (!(await makeFile(path))) {
    if (await isStale(path)) await rm(path, { force: true });
    else if (performance.now() >= end) return false;
    else await setTimeout(LOOK_EVERY);
  }
  return true;
}

/** Makes a file that must not be there. @returns false where it is */
async function makeFile(path: string): Promise<boolean> {
  try {
    await (await open(path, "wx", 0o600)).close();
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  }
}

async function isStale(path: string): Promise<boolean> {
  try {
    return Math.abs(Date.now() - (await stat(path)).mtimeMs) > STALE_AFTER;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return false;
    throw error;
  }
}
