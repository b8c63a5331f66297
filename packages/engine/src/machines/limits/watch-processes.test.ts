import assert from "node:assert/strict";
import { test } from "node:test";
import type { GuestHealth } from "../guest/port.ts";
import type { LimitBreach } from "./port.ts";
import { watchProcesses } from "./watch-processes.ts";

/** A guest that has so many processes, one look after the other; after the last it has hung up. */
function guestWith(counts: number[]): { readonly health: () => Promise<GuestHealth> } {
  return {
    health: async () => {
      const processes = counts.shift();
      if (processes === undefined) throw new Error("it hung up");
      return { uptimeMs: 0, memoryTotalKib: 0, memoryAvailableKib: 0, processes };
    },
  };
}

test("a machine is over its limit where it has more processes than that besides those at the beginning", async () => {
  const { promise, resolve } = Promise.withResolvers<LimitBreach>();
  const counts = [90, 100, 101, 5];
  using _watch = watchProcesses({ guest: guestWith(counts), processes: 10, onBreach: resolve });
  assert.deepEqual(await promise, { limit: "processes", detail: "It had 11 processes at a time, more than its 10." });
  assert.deepEqual(counts, [5], "one more is fine as long as it is within the limit, and nobody looks afterwards");
});
