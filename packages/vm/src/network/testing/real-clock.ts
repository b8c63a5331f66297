import type { Clock } from "../../bus/port.ts";

/** The machine's clock where the peer is a real one: it runs with the wall's. */
export function createRealClock(): Clock {
  const start = process.hrtime.bigint();
  const now = (): number => Number(process.hrtime.bigint() - start);
  return {
    now,
    schedule(at, callback) {
      const wait = at - now();
      if (wait <= 0) {
        const immediate = setImmediate(callback);
        return () => clearImmediate(immediate);
      }
      const timeout = setTimeout(callback, wait / 1e6);
      return () => clearTimeout(timeout);
    },
  };
}
