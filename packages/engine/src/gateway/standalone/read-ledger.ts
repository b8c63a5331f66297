import { foldLedger, type LedgerEntry, type LedgerRow, lostSettlement, type RequestEvent } from "@cloister/core";
import { openJournalReader, type StoredRecord } from "../../journal/index.ts";
import { lockHolder } from "../../runs/lock.ts";
import type { LedgerPlace } from "./ledger-place.ts";

/** The events of which the ledger is made. */
const LEDGER_EVENTS: ReadonlySet<string> = new Set<RequestEvent["type"]>([
  "request_reserved",
  "request_settled",
  "request_refused",
]);

/** The ledger's entries among the records of a journal, each with the task of its iteration. @param run whose journal it is. */
export function* ledgerEntries(run: string, records: Iterable<StoredRecord>): Generator<LedgerEntry> {
  const tasks = new Map<unknown, string>();
  for (const { type, time, data } of records) {
    if (type === "iteration_started") tasks.set(data["iteration"], String(data["task"]));
    if (!LEDGER_EVENTS.has(type)) continue;
    yield { time, run, task: tasks.get(data["iteration"]) ?? "", event: { type, ...data } as RequestEvent };
  }
}

/**
 * The requests of a run or a gateway, one row each. What its process left open when it died is there, as `lost`; what a living one
 * has under way is not. Writes nothing.
 * @throws CloisterError `journal_damaged`
 */
export function readLedger(place: LedgerPlace): readonly LedgerRow[] {
  // Asked first: a process that ends while its journal is read has lost nothing.
  const isAlive = lockHolder(place.lock) !== undefined;
  const reader = openJournalReader(place.journal);
  try {
    const entries = [...ledgerEntries(place.id, reader.read())];
    const { open, rows } = foldLedger(entries);
    if (isAlive || open.length === 0) return rows;
    const lost = open.map((entry) => ({ ...entry, event: lostSettlement(entry, entry.time) }));
    return foldLedger([...entries, ...lost]).rows;
  } finally {
    reader.close();
  }
}
