/** What a plan may cost, going by the journals of earlier runs. */
import {
  CloisterError,
  estimatePlan,
  foldLedger,
  type PastRun,
  type PlanEstimate,
  type RunId,
  type Task,
} from "@cloister/core";
import { ledgerEntries } from "../gateway/standalone/read-ledger.ts";
import { openJournalReader, type StoredRecord } from "../journal/index.ts";
import { findRunStore, listRunIds, runPaths, type RunStore } from "./run-store.ts";

/** The newest runs alone tell of today's models, prices and repository. */
const MOST_RUNS = 20;
/** How long reading may take, in ms: nobody waits for an estimate. What was read until then counts. */
const MOST_MS = 50;

/**
 * Estimates what those of `tasks` will cost that are still to do, from earlier runs of the repository at `root`. Writes nothing.
 * @param clock ms, from any start.
 */
export function estimateCost(
  root: string,
  tasks: readonly Pick<Task, "done">[],
  clock: () => number = () => performance.now(),
): PlanEstimate {
  const store = findRunStore(root);
  const history = store === undefined ? [] : readPastRuns(store, clock);
  return estimatePlan(history, tasks.filter(({ done }) => !done).length);
}

function readPastRuns(store: RunStore, clock: () => number): PastRun[] {
  const end = clock() + MOST_MS;
  const isLate = (): boolean => clock() >= end;
  const newest = listRunIds(store).slice(-MOST_RUNS).reverse();
  return newest.flatMap((id) => (isLate() ? [] : (readPastRun(store, id, isLate) ?? [])));
}

/** Where time is up, what stands at the run's beginning: a task's requests come before its completion. */
function readPastRun(store: RunStore, id: RunId, isLate: () => boolean): PastRun | undefined {
  try {
    const reader = openJournalReader(runPaths(store, id).journal);
    try {
      const completed: string[] = [];
      const records = noteCompleted(reader.read(), completed, isLate);
      return { rows: foldLedger(ledgerEntries(id, records)).rows, completed };
    } finally {
      reader.close();
    }
  } catch (error: unknown) {
    // A damaged journal must not keep the next run from starting: that run tells of nothing. `cloister audit` says what is wrong.
    if (CloisterError.isInstance(error)) return undefined;
    throw error;
  }
}

function* noteCompleted(
  records: Iterable<StoredRecord>,
  completed: string[],
  isLate: () => boolean,
): Generator<StoredRecord> {
  for (const record of records) {
    if (isLate()) return;
    if (record.type === "task_completed") completed.push(String(record.data["task"]));
    yield record;
  }
}
