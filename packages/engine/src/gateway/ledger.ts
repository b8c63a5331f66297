import type { RequestEvent } from "@cloister/core";

/** Writes events to a journal. They are on disk when it returns. */
export type WriteEvents = (events: readonly RequestEvent[]) => void;

/** The gateway's way into a journal: what comes in one turn of the event loop is written, and synced, together. */
export interface Ledger {
  /** Resolves when the events are on disk. @throws what the journal throws. */
  promise(...events: readonly RequestEvent[]): Promise<void>;
  /** Writes soon; on disk before anything that is promised after it. */
  note(...events: readonly RequestEvent[]): void;
  /** Writes what is noted, now. */
  flush(): void;
}

type Waiter = { readonly resolve: () => void; readonly reject: (error: unknown) => void };

/** @param onFailure is told where what was only noted could not be written. */
export function createLedger(write: WriteEvents, onFailure: (error: unknown) => void): Ledger {
  let events: RequestEvent[] = [];
  let waiters: Waiter[] = [];
  let timer: NodeJS.Immediate | undefined;

  const flush = (): void => {
    clearImmediate(timer);
    timer = undefined;
    const [batch, told] = [events, waiters];
    [events, waiters] = [[], []];
    if (batch.length === 0) return;
    try {
      write(batch);
      for (const { resolve } of told) resolve();
    } catch (error: unknown) {
      onFailure(error);
      for (const { reject } of told) reject(error);
    }
  };
  const note = (...noted: readonly RequestEvent[]): void => {
    events.push(...noted);
    timer ??= setImmediate(flush);
  };
  const promise = (...promised: readonly RequestEvent[]): Promise<void> =>
    new Promise((resolve, reject) => {
      waiters.push({ resolve, reject });
      note(...promised);
    });
  return { promise, note, flush };
}
