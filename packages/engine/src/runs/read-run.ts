import { setTimeout as delay } from "node:timers/promises";
import { CloisterError, replay, type RunEvent, type RunId, type RunState, type StampedEvent } from "@cloister/core";
import { openJournalReader, type StoredRecord } from "../journal/index.ts";
import { lockHolder } from "./lock.ts";
import { listRunIds, runPaths, type RunStore } from "./run-store.ts";

/** An event with its place in the journal. */
export type PlacedEvent = StampedEvent & { readonly position: number };

/** A run as it stands. */
export type RunView = {
  readonly state: RunState;
  readonly events: readonly PlacedEvent[];
  readonly alive: boolean;
  readonly headHash: string;
};

const FOLLOW_MS = 150;

/** Journal records as the events of a run. */
export function* stampedEvents(records: Iterable<StoredRecord>): Generator<PlacedEvent> {
  for (const { type, time, data, position } of records) yield { position, time, event: { type, ...data } as RunEvent };
}

/**
 * Reads a run, whether or not it is at work. Writes nothing.
 * @throws CloisterError `journal_damaged`
 */
export function readRun(store: RunStore, id: RunId): RunView {
  const paths = runPaths(store, id);
  const reader = openJournalReader(paths.journal);
  try {
    const events = [...stampedEvents(reader.read())];
    const state = replay(events);
    if (state === undefined)
      throw new CloisterError({ code: "journal_damaged", message: `The journal of run ${id} is empty.` });
    return { state, events, alive: lockHolder(paths.lock) !== undefined, headHash: reader.headHash };
  } finally {
    reader.close();
  }
}

/** The newest run that has not ended with every task done; undefined where there is none. Reads no more than each run's last event. */
export function findUnfinishedRun(store: RunStore): RunId | undefined {
  return listRunIds(store).findLast((id) => !endedDone(store, id));
}

function endedDone(store: RunStore, id: RunId): boolean {
  const reader = openJournalReader(runPaths(store, id).journal);
  try {
    const [last] = reader.read({ from: Math.max(1, reader.length) });
    return last?.type === "run_ended" && last.data["reason"] === "done";
  } finally {
    reader.close();
  }
}

/** Yields a run's events from position `from`, and those that come, until the run ends, its process is gone, or `signal` aborts. */
export async function* followRun(
  store: RunStore,
  id: RunId,
  { from, signal }: { readonly from: number; readonly signal?: AbortSignal },
): AsyncGenerator<PlacedEvent> {
  const paths = runPaths(store, id);
  const reader = openJournalReader(paths.journal);
  try {
    let next = from;
    const stopped = (): boolean => signal?.aborted === true;
    while (!stopped()) {
      const alive = lockHolder(paths.lock) !== undefined;
      for (const event of stampedEvents(reader.read({ from: next }))) {
        next = event.position + 1;
        yield event;
      }
      if (!alive) return;
      while (!reader.changed() && lockHolder(paths.lock) !== undefined && !stopped()) await delay(FOLLOW_MS);
    }
  } finally {
    reader.close();
  }
}
