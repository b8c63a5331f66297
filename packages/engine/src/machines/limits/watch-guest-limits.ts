import type { MachineLimits } from "@cloister/core";
import type { GuestConnection, GuestHealth } from "../guest/port.ts";
import { memoryBreach } from "./memory-breach.ts";
import type { LimitBreach } from "./port.ts";

const LOOK_MS = 500;

/** What to watch. */
export type GuestLimitsWatch = {
  readonly guest: Pick<GuestConnection, "health">;
  readonly limits: Pick<MachineLimits, "memoryMib" | "processes">;
  /** Called once, at the breach; then the watch has ended. */
  readonly onBreach: (breach: LimitBreach) => void;
};

/**
 * Watches, until disposed of, what a virtual machine says of the limits that its own kernel holds. That refuses processes which are far too
 * many, and ends those for which there is no memory; but a machine that makes as many as it can has no time for anything else, and one that
 * lost a process may go on as if nothing had been.
 */
export function watchGuestLimits({ guest, limits, onBreach }: GuestLimitsWatch): Disposable {
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  const look = async (atFirst?: GuestHealth): Promise<void> => {
    // A machine that is paused answers when it goes on.
    const found = await guest.health({ waits: true });
    if (isOver) return;
    const breach = breachSince(atFirst ?? found, found, limits);
    if (breach !== undefined) {
      isOver = true;
      return onBreach(breach);
    }
    timer = setTimeout(() => lookAgain(atFirst ?? found), LOOK_MS).unref();
  };
  const lookAgain = (atFirst?: GuestHealth): void => {
    look(atFirst).catch(() => undefined); // The connection has ended: whoever works with it is told.
  };
  lookAgain();
  return {
    [Symbol.dispose]: () => {
      isOver = true;
      clearTimeout(timer);
    },
  };
}

/** Besides what there was at the beginning: a kernel of its own has many processes, and may have come out of a snapshot. */
function breachSince(
  atFirst: GuestHealth,
  now: GuestHealth,
  { memoryMib, processes }: GuestLimitsWatch["limits"],
): LimitBreach | undefined {
  if (now.oomKills > atFirst.oomKills) return memoryBreach(memoryMib);
  const more = now.processes - atFirst.processes;
  if (more <= processes) return undefined;
  return { limit: "processes", detail: `It had ${more} processes at a time, more than its ${processes}.` };
}
