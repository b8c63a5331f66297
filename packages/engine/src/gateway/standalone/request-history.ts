import {
  addAmount,
  type Amount,
  foldLedger,
  type Ledger,
  type LedgerEntry,
  type LedgerRow,
  type OpenReservation,
  type RequestEvent,
  type RequestSignal,
  totalTokens,
} from "@cloister/core";

/** A request that is over. */
export type PastRequest = LedgerRow & { readonly signals: readonly RequestSignal[] };

/** Called with a row when its request was settled, and once more where it was refused. */
export type OnRow = (type: "request_settled" | "request_refused", row: LedgerRow) => void;

/** Requests that are over, and all that was spent. */
export type GatewayTotals = Amount & {
  /** That were sent on. */
  readonly requests: number;
  readonly refused: number;
};

/** Requests that are over and are kept; signals that are kept of each. */
const [KEPT_REQUESTS, KEPT_SIGNALS] = [50, 10];

type Known = { readonly entries: LedgerEntry[]; readonly signals: RequestSignal[]; isOver: boolean };
type EventOfRequest = Extract<RequestEvent, { readonly request: string }>;

/** What a gateway has under way, and what passed last: a view of its ledger that is bounded, for people who watch. */
export class RequestHistory {
  readonly #run: string;
  readonly #onRow: OnRow;
  readonly #known = new Map<string, Known>();
  #totals: GatewayTotals;

  /** @param before the ledger as it was when the gateway started. */
  constructor(run: string, before: Pick<Ledger, "totals" | "rows">, onRow: OnRow) {
    this.#run = run;
    this.#onRow = onRow;
    const { cost, tokens } = before.totals;
    const refused = before.rows.filter((row) => row.refused !== null).length;
    this.#totals = { cost, tokens, refused, requests: before.rows.filter(wasSettled).length };
  }

  /** Takes in what was written to the ledger. @param time ms since the epoch. */
  take(events: readonly RequestEvent[], time: number): void {
    for (const event of events) if (event.type !== "budget_warned") this.#takeOne(event, time);
    this.#forget();
  }

  get totals(): GatewayTotals {
    return this.#totals;
  }

  /** The latest first. */
  get past(): readonly PastRequest[] {
    const over = [...this.#known.values()].filter(({ isOver }) => isOver);
    return over
      .flatMap(({ entries, signals }) => foldLedger(entries).rows.map((row) => ({ ...row, signals })))
      .reverse();
  }

  /** The oldest first. Those that cost nothing are not among them. */
  get underWay(): readonly OpenReservation[] {
    return [...this.#known.values()].flatMap(({ entries }) => foldLedger(entries).open);
  }

  #takeOne(event: EventOfRequest, time: number): void {
    const known = this.#knownOf(event.request);
    if (event.type === "request_flagged") {
      const { kind, action, detail } = event;
      if (known.signals.length < KEPT_SIGNALS) known.signals.push({ kind, action, detail });
      return;
    }
    known.entries.push({ time, run: this.#run, task: "", event });
    if (event.type === "request_reserved") return;
    known.isOver = true;
    this.#count(event);
    const [row] = foldLedger(known.entries).rows;
    if (row !== undefined) this.#onRow(event.type, row);
  }

  #count(event: Extract<RequestEvent, { type: "request_settled" | "request_refused" }>): void {
    const { requests, refused } = this.#totals;
    if (event.type === "request_refused") {
      this.#totals = { ...this.#totals, refused: refused + 1 };
      return;
    }
    const spent = addAmount(this.#totals, { cost: event.cost, tokens: totalTokens(event.usage) });
    this.#totals = { ...spent, refused, requests: requests + 1 };
  }

  #knownOf(request: string): Known {
    const known = this.#known.get(request) ?? { entries: [], signals: [], isOver: false };
    this.#known.set(request, known);
    return known;
  }

  /** Drops the oldest of those that are over. */
  #forget(): void {
    const over = [...this.#known].filter(([, { isOver }]) => isOver);
    for (const [request] of over.slice(0, -KEPT_REQUESTS)) this.#known.delete(request);
  }
}

/** A row that is there for its refusal alone has no price. */
function wasSettled({ priceFrom }: LedgerRow): boolean {
  return priceFrom !== null;
}
