import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { type BudgetLimits, CloisterError, foldLedger, type Ledger, lostSettlement } from "@cloister/core";
import { type Journal, type JournalRecord, openJournal, type StoredRecord } from "../../journal/index.ts";
import { lockHolder, takeLock } from "../../runs/lock.ts";
import type { GatewayEvent } from "./gateway-event.ts";
import type { LedgerPlace } from "./ledger-place.ts";
import { ledgerEntries } from "./read-ledger.ts";

/** How a gateway's journal is opened. */
export type JournalOptions = {
  readonly place: LedgerPlace;
  /** Cloister's. */
  readonly version: string;
  /** Those that were given now. They replace the ones that the journal knows, each by itself. */
  readonly limits: BudgetLimits;
  /** Of the start, in ms since the epoch. */
  readonly time: number;
};

/** The journal of a gateway that runs alone, held by this process until it is disposed of. */
export interface GatewayJournal extends Disposable {
  /** The limits that hold. */
  readonly limits: BudgetLimits;
  /** What was spent before this start, lost requests included. */
  readonly before: Ledger;
  /** On disk when it returns. @param time ms since the epoch. @throws what the journal throws. */
  append(events: readonly GatewayEvent[], time: number): void;
  /** Written when it returns, and on disk when its promise resolves. @param time ms since the epoch. @throws what the journal throws. */
  appendSoon(events: readonly GatewayEvent[], time: number): Promise<void>;
}

/**
 * Begins a journal, or goes on with the one that is there: what was promised to requests whose end nobody saw is charged in full.
 * @throws CloisterError `run_busy` where its process lives; `journal_damaged`
 */
export function openGatewayJournal(options: JournalOptions): GatewayJournal {
  const { place, version, limits: given, time } = options;
  using stack = new DisposableStack();
  mkdirSync(dirname(place.journal), { recursive: true, mode: 0o700 });
  assertFree(place);
  stack.use(takeLock(place.lock));
  const journal = stack.adopt(openJournal(place.journal, { create: true }), (opened) => opened.close());
  const isNew = journal.length === 0;
  const limits = isNew ? given : { ...lastLimits(journal.read()), ...given };
  const start: GatewayEvent = isNew
    ? { type: "gateway_started", gateway: place.id, version, limits }
    : { type: "gateway_resumed", version, limits };
  write(journal, [start], time);
  const before = settleLost(journal, options);
  const held = stack.move();
  return {
    limits,
    before,
    append: (events, at) => write(journal, events, at),
    async appendSoon(events, at) {
      journal.append(toRecords(events, at), { expected: journal.length, durable: false });
      await journal.sync();
    },
    [Symbol.dispose]: () => held.dispose(),
  };
}

/** @returns the ledger, in which nothing is open any more. */
function settleLost(journal: Journal, { place, time }: JournalOptions): Ledger {
  const read = (): Ledger => foldLedger(ledgerEntries(place.id, journal.read()));
  const ledger = read();
  if (ledger.open.length === 0) return ledger;
  write(
    journal,
    ledger.open.map((open) => lostSettlement(open, time)),
    time,
  );
  return read();
}

function write(journal: Journal, events: readonly GatewayEvent[], time: number): void {
  journal.append(toRecords(events, time), { expected: journal.length });
}

function toRecords(events: readonly GatewayEvent[], time: number): readonly JournalRecord[] {
  return events.map(({ type, ...data }) => ({ type, time, data }));
}

function lastLimits(records: Iterable<StoredRecord>): BudgetLimits {
  let limits: BudgetLimits = {};
  for (const { type, data } of records)
    if (type === "gateway_started" || type === "gateway_resumed") limits = data["limits"] as BudgetLimits;
  return limits;
}

function assertFree({ id, lock }: LedgerPlace): void {
  const holder = lockHolder(lock);
  if (holder === undefined) return;
  const message = `Gateway ${id} is at work in process ${holder.pid}.`;
  throw new CloisterError({ code: "run_busy", message, remedy: "Stop it first, or start another without --resume." });
}
