import { setImmediate as nextTurn } from "node:timers/promises";
import type { RequestEvent } from "@cloister/core";

/** Writes events to a journal, in the order of its calls. They are on disk when it returns, or where it gives a promise, when that resolves. */
export type WriteEvents = (events: readonly RequestEvent[]) => void | Promise<void>;

/**
 * The gateway's way into a journal. What comes in one turn of the event loop, or while the disk is at work and a moment longer, is written
 * and synced together: the more requests are under way, the fewer syncs each one pays for.
 */
export interface Ledger {
  /** Resolves when the events are on disk. @throws what the journal throws. */
  promise(...events: readonly RequestEvent[]): Promise<void>;
  /** Writes soon; on disk before anything that is promised after it. */
  note(...events: readonly RequestEvent[]): void;
  /** Resolves when everything is on disk that was noted before. Never rejects. */
  flush(): Promise<void>;
}

/**
 * Turns of the event loop from one batch to the next, where many requests are under way: a batch costs the processor as much as several of
 * its events. Unlike a time, they pass at once where there is nothing else to do.
 */
const REST_TURNS = 8;
/** Events that are worth a batch: more of them would hardly be cheaper together, while all that wait, wait longer. */
const WORTH_A_BATCH = 24;

type Waiter = { readonly resolve: () => void; readonly reject: (error: unknown) => void };
type Batch = { readonly events: RequestEvent[]; readonly waiters: Waiter[] };

/** @param onFailure is told where what was only noted could not be written. */
export function createLedger(write: WriteEvents, onFailure: (error: unknown) => void): Ledger {
  return new BatchingLedger(write, onFailure);
}

class BatchingLedger implements Ledger {
  readonly #write: WriteEvents;
  readonly #onFailure: (error: unknown) => void;
  #next: Batch = { events: [], waiters: [] };
  #timer: NodeJS.Immediate | undefined;
  /** Resolves when the batch before is on disk; undefined where none is under way. */
  #underWay: Promise<void> | undefined;

  constructor(write: WriteEvents, onFailure: (error: unknown) => void) {
    this.#write = write;
    this.#onFailure = onFailure;
  }

  promise(...events: readonly RequestEvent[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#next.waiters.push({ resolve, reject });
      this.note(...events);
    });
  }

  note(...events: readonly RequestEvent[]): void {
    this.#next.events.push(...events);
    if (this.#underWay === undefined) this.#timer ??= setImmediate(() => this.#writeNext());
  }

  async flush(): Promise<void> {
    while (this.#underWay !== undefined || this.#next.events.length > 0) {
      if (this.#underWay === undefined) this.#writeNext();
      await this.#underWay;
    }
  }

  #writeNext(): void {
    clearImmediate(this.#timer);
    this.#timer = undefined;
    const batch = this.#next;
    if (batch.events.length === 0) return;
    this.#next = { events: [], waiters: [] };
    try {
      const written = this.#write(batch.events);
      if (!(written instanceof Promise)) return settle(batch);
      this.#underWay = this.#goOn(batch, written);
    } catch (error: unknown) {
      this.#fail(batch, error);
    }
  }

  /** Once a batch is on disk, writes what came meanwhile, and what is about to come. */
  async #goOn(batch: Batch, written: Promise<void>): Promise<void> {
    try {
      await written;
      settle(batch);
    } catch (error: unknown) {
      this.#fail(batch, error);
    }
    for (let turn = 0; turn < REST_TURNS && this.#isGathering(); turn += 1) await nextTurn();
    this.#underWay = undefined;
    this.#writeNext();
  }

  #isGathering(): boolean {
    const { length } = this.#next.events;
    return length > 0 && length < WORTH_A_BATCH;
  }

  #fail({ waiters }: Batch, error: unknown): void {
    this.#onFailure(error);
    for (const { reject } of waiters) reject(error);
  }
}

function settle({ waiters }: Batch): void {
  for (const { resolve } of waiters) resolve();
}
