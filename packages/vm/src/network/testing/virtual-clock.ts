import type { Clock } from "../../bus/port.ts";

type Timer = { readonly at: number; readonly callback: () => void };

/** A clock that stands still until it is told to go on to the next timer. */
export type VirtualClock = Clock & {
  /** Goes to the next timer and calls it. @returns false where there is none */
  step(): boolean;
  /** Timers that are set. */
  readonly pending: number;
};

/** Makes a clock at 0. */
export function createVirtualClock(): VirtualClock {
  const timers = new Set<Timer>();
  let time = 0;
  return {
    now: () => time,
    schedule(at, callback) {
      const timer = { at: Math.max(at, time), callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    get pending() {
      return timers.size;
    },
    step() {
      let next: Timer | undefined;
      for (const timer of timers) {
        next = next === undefined || timer.at < next.at ? timer : next;
      }
      if (next === undefined) {
        return false;
      }
      timers.delete(next);
      time = next.at;
      next.callback();
      return true;
    },
  };
}
