import type { Clock, InterruptLine } from "../port.ts";

/** A clock that moves when told to. */
export type ManualClock = Clock & {
  /** Moves on, and calls back whom the time has come for, in order. @param nanoseconds 0 or more */
  advance(nanoseconds: number): void;
  /** How many callbacks wait. */
  waiting(): number;
};

/** Makes a clock. @param start in ns */
export function createManualClock(start: number = 0): ManualClock {
  let now = start;
  const timers = new Set<{ readonly at: number; readonly callback: () => void }>();
  return {
    now: () => now,
    waiting: () => timers.size,
    schedule(at, callback) {
      const timer = { at, callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance(nanoseconds) {
      const end = now + nanoseconds;
      for (;;) {
        const next = [...timers].filter(({ at }) => at <= end).sort((one, other) => one.at - other.at)[0];
        if (next === undefined) break;
        timers.delete(next);
        now = Math.max(now, next.at);
        next.callback();
      }
      now = end;
    },
  };
}

/** A wire whose level can be seen. */
export type Wire = InterruptLine & { high: boolean };

/** Makes a wire, low. */
export function createWire(): Wire {
  const wire: Wire = {
    high: false,
    set(high) {
      wire.high = high;
    },
  };
  return wire;
}
