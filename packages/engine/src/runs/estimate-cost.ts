/** What a plan may cost, going by the journals of earlier runs. */
import {
  assertAmount,
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
const MOST_MS = 40;

/**
 * Estimates what those of `tasks` will cost that are still to do, from earlier runs of the repository at `root`. Writes nothing, and
 * never throws for a journal's sake.
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

/** The newest first. */
function readPastRuns(store: RunStore, clock: () => number): PastRun[] {
  const end = clock() + MOST_MS;
  const isLate = (): boolean => clock() >= end;
  const newest = listRunIds(store).slice(-MOST_RUNS).reverse();
  return newest.flatMap((id) => (isLate() ? [] : (tryReadRun(store, id, isLate) ?? [])));
}

function tryReadRun(store: RunStore, id: RunId, isLate: () => boolean): PastRun | undefined {
  try {
    return readPastRun(runPaths(store, id).journal, id, isLate);
  } catch {
    return undefined; // A journal that is damaged, or not of this version, tells nothing, and must not keep a new run from starting.
  }
}

/** Where time is up, the run's beginning: a task's requests come before its completion. */
function readPastRun(journal: string, id: RunId, isLate: () => boolean): PastRun {
  const reader = openJournalReader(journal);
  try {
    const completed: string[] = [];
    const { rows, totals } = foldLedger(ledgerEntries(id, follow(reader.read(), completed, isLate)));
    assertAmount(totals);
    return { rows, completed };
  } finally {
    reader.close();
  }
}

/** Passes records on until time is up, and adds the tasks that they complete to `completed`. */
function* follow(records: Iterable<StoredRecord>, completed: string[], isLate: () => boolean): Generator<StoredRecord> {
  for (const record of records) {
    if (isLate()) return;
    if (record.type === "task_completed") completed.push(String(record.data["task"]));
    yield record;
  }
}
