import { setTimeout as delay } from "node:timers/promises";

const LOOK_MS = 20;

/**
 * Waits until `look` gives something other than undefined or false, and returns it.
 * @param limitMs how long to wait at most.
 * @throws where it does not come true in time, with what was waited for.
 */
export async function until<Value>(
  what: string,
  look: () => Value | undefined | false | Promise<Value | undefined | false>,
  limitMs: number = 30_000,
): Promise<Value> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const value = await look();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > deadline) throw new Error(`Waited ${limitMs} ms in vain until ${what}.`);
    await delay(LOOK_MS);
  }
}
