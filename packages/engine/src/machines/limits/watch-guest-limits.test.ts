import assert from "node:assert/strict";
import { test } from "node:test";
import type { GuestHealth } from "../guest/port.ts";
import type { LimitBreach } from "./port.ts";
import { watchGuestLimits } from "./watch-guest-limits.ts";

type Look = Pick<GuestHealth, "processes" | "oomKills">;

/** A guest that does so, one look after the other; after the last it has hung up. */
function guestWith(looks: Look[]): { readonly health: () => Promise<GuestHealth> } {
  return {
    health: async () => {
      const look = looks.shift();
      if (look === undefined) throw new Error("it hung up");
      return { uptimeMs: 0, memoryTotalKib: 0, memoryAvailableKib: 0, ...look };
    },
  };
}

const LAST: Look = { processes: 5, oomKills: 0 };
const TABLE: readonly (readonly [name: string, looks: readonly Look[], breach: LimitBreach])[] = [
  [
    "has more processes than its limit besides those at the beginning",
    [90, 100, 101].map((processes) => ({ processes, oomKills: 2 })),
    { limit: "processes", detail: "It had 11 processes at a time, more than its 10." },
  ],
  [
    "has lost a process for want of memory since the beginning",
    [2, 2, 3].map((oomKills) => ({ processes: 90, oomKills })),
    { limit: "memory", detail: "It needed more than its 64 MiB of memory, and the kernel ended a process of it." },
  ],
];
for (const [name, before, breach] of TABLE)
  test(`a machine is over its limits where it ${name}`, async () => {
    const { promise, resolve } = Promise.withResolvers<LimitBreach>();
    const looks = [...before, LAST];
    const limits = { memoryMib: 64, processes: 10 };
    using _watch = watchGuestLimits({ guest: guestWith(looks), limits, onBreach: resolve });
    assert.deepEqual(await promise, breach);
    assert.deepEqual(looks, [LAST], "what was there before is none, and nobody looks afterwards");
  });
