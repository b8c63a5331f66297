import { setTimeout as delay } from "node:timers/promises";

/**
 * Waits until `condition` gives something other than undefined or false, and returns it.
 * @param limitMs how long to wait at most.
 * @throws where it does not come true in time, with `what` was waited for.
 */
export async function until<Value>(
  what: string,
  condition: () => Value | undefined | false,
  limitMs: number = 10_000,
): Promise<Value> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const value = condition();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > deadline) throw new Error(`Waited ${limitMs} ms in vain until ${what}.`);
    await delay(5);
  }
}

/** Lets `milliseconds` go by, where the time itself is what is tested: that nothing happens in it. */
export async function pass(milliseconds: number): Promise<void> {
  await delay(milliseconds);
}
