import { addUsage, NO_USAGE, totalTokens, type TokenUsage } from "../agent/agent-event.ts";
import { addAmount } from "./amount.ts";
import { type LedgerRow, refusedRow, settledRow } from "./ledger-row.ts";
import { type Amount, NO_AMOUNT, type RequestEvent } from "./request-event.ts";

/** An event of the ledger with its time, in ms since the epoch, and whose it is. */
export type LedgerEntry = {
  readonly time: number;
  readonly run: string;
  readonly task: string;
  readonly event: RequestEvent;
};

type ReservedEvent = Extract<RequestEvent, { type: "request_reserved" }>;
type SettledEvent = Extract<RequestEvent, { type: "request_settled" }>;

/** An amount that was promised to a request of which nothing more is known. */
export type OpenReservation = Omit<LedgerEntry, "event"> & { readonly event: ReservedEvent };

/** What the events of the ledger add up to. */
export type Ledger = {
  /** What the settled requests came to. */
  readonly totals: Amount & { readonly usage: TokenUsage };
  /** Oldest first. */
  readonly open: readonly OpenReservation[];
  /** One a request that was settled or refused, in that order. */
  readonly rows: readonly LedgerRow[];
};

/**
 * Folds events into the ledger. A request counts once: the first settlement holds, whatever comes after it. `entries` may be of
 * several runs, each run's in the order of its journal.
 */
export function foldLedger(entries: Iterable<LedgerEntry>): Ledger {
  const open = new Map<string, OpenReservation>();
  const rows = new Map<string, LedgerRow>();
  const settled = new Set<string>();
  let usage = NO_USAGE;
  let totals: Amount = NO_AMOUNT;
  for (const entry of entries) {
    const { event } = entry;
    if (event.type === "budget_warned" || event.type === "request_flagged") continue;
    const id = `${entry.run} ${event.request}`;
    if (event.type === "request_reserved") {
      if (!settled.has(id)) open.set(id, { ...entry, event });
    } else if (event.type === "request_refused") {
      rows.set(id, refusedRow(entry, event, rows.get(id)));
    } else if (!settled.has(id)) {
      settled.add(id);
      rows.set(id, settledRow({ ...entry, time: open.get(id)?.time ?? entry.time }, event, rows.get(id)));
      open.delete(id);
      usage = addUsage(usage, event.usage);
      totals = addAmount(totals, { cost: event.cost, tokens: totalTokens(event.usage) });
    }
  }
  return { totals: { ...totals, usage }, open: [...open.values()], rows: [...rows.values()] };
}

/**
 * The settlement of a request whose end nobody saw: what was promised is charged in full. Its tokens stand as uncached input,
 * because their kinds are not known; its price is the dearest that it could have come to.
 * @param time of the settlement, in ms since the epoch.
 */
export function lostSettlement({ time: reservedAt, event }: OpenReservation, time: number): SettledEvent {
  const { request, iteration, wire, model, reserved } = event;
  return {
    type: "request_settled",
    request,
    iteration,
    wire,
    model,
    credential: "",
    usage: { ...NO_USAGE, input: reserved.tokens },
    cost: reserved.cost,
    priceFrom: "dearest",
    completeness: "lost",
    status: 0,
    firstByteMs: 0,
    durationMs: Math.max(0, time - reservedAt),
    attempts: 0,
  };
}
