import type { GuestConnection } from "../guest/port.ts";
import type { LimitBreach } from "./port.ts";

const LOOK_MS = 500;

/** What to watch. */
export type ProcessWatch = {
  readonly guest: Pick<GuestConnection, "health">;
  /** How many there may be besides those at the beginning: a kernel of its own has many. */
  readonly processes: number;
  /** Called once, at the breach; then the watch has ended. */
  readonly onBreach: (breach: LimitBreach) => void;
};

/**
 * Watches how many processes a virtual machine has, until disposed of. Its own kernel refuses those that are far too many; but a machine
 * that makes as many as it can has no time for anything else, and would go on like that for ever.
 */
export function watchProcesses({ guest, processes, onBreach }: ProcessWatch): Disposable {
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  const look = async (atFirst?: number): Promise<void> => {
    // A machine that is paused answers when it goes on.
    const found = (await guest.health({ waits: true })).processes;
    if (isOver) return;
    const more = found - (atFirst ?? found);
    if (more > processes) {
      isOver = true;
      return onBreach({
        limit: "processes",
        detail: `It had ${more} processes at a time, more than its ${processes}.`,
      });
    }
    timer = setTimeout(() => lookAgain(atFirst ?? found), LOOK_MS).unref();
  };
  const lookAgain = (atFirst?: number): void => {
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
