import { NO_USAGE, type TokenUsage } from "../agent/agent-event.ts";
import type { MicroUsd } from "../money.ts";
import type { Completeness, PriceSource, RefusalReason, RequestEvent, Wire } from "./request-event.ts";

/** One request, as `cloister gateway ledger --json` prints it. `null`: not known, or does not apply. */
export type LedgerRow = {
  /** When it was reserved, else when it was settled or refused. ISO 8601, UTC. */
  readonly time: string;
  readonly run: string;
  readonly task: string;
  readonly iteration: number;
  readonly request: string;
  readonly wire: Wire | null;
  readonly model: string | null;
  /** Tokens: input that was neither read from nor written to a cache, read from it, written to it. */
  readonly input: number;
  readonly cached: number;
  readonly cacheWrite: number;
  /** Tokens, reasoning included; and the part that was reasoning. */
  readonly output: number;
  readonly reasoning: number;
  /** Micro-dollars. */
  readonly cost: MicroUsd;
  readonly priceFrom: PriceSource | null;
  readonly completeness: Completeness;
  /** HTTP status that the agent saw; 0 where it saw none or it is not known. */
  readonly status: number;
  /** ms from the request's arrival. */
  readonly firstByteMs: number;
  readonly durationMs: number;
  readonly credential: string | null;
  /** Why it was refused. */
  readonly refused: RefusalReason | null;
};

/** Whose a row is, and its time in ms since the epoch. */
type RowContext = { readonly time: number; readonly run: string; readonly task: string };

/** The row of a settled request. @param known its row so far, where it was refused before it settled. */
export function settledRow(
  context: RowContext,
  event: Extract<RequestEvent, { type: "request_settled" }>,
  known: LedgerRow | undefined,
): LedgerRow {
  const { wire, model, cost, priceFrom, completeness, status, firstByteMs, durationMs, credential } = event;
  return {
    ...identityColumns(context, event),
    wire,
    model,
    ...tokenColumns(event.usage),
    cost,
    priceFrom,
    completeness,
    status,
    firstByteMs,
    durationMs,
    credential: credential === "" ? null : credential,
    refused: known?.refused ?? null,
  };
}

/** The row of a refused request. @param known its row so far, where it had been settled already. */
export function refusedRow(
  context: RowContext,
  event: Extract<RequestEvent, { type: "request_refused" }>,
  known: LedgerRow | undefined,
): LedgerRow {
  if (known !== undefined) return { ...known, refused: event.reason };
  return {
    ...identityColumns(context, event),
    wire: event.wire ?? null,
    model: event.model ?? null,
    ...tokenColumns(NO_USAGE),
    cost: 0 as MicroUsd,
    priceFrom: null,
    completeness: "none",
    status: 0,
    firstByteMs: 0,
    durationMs: 0,
    credential: null,
    refused: event.reason,
  };
}

type IdentityColumns = Pick<LedgerRow, "time" | "run" | "task" | "iteration" | "request">;
type TokenColumns = Pick<LedgerRow, "input" | "cached" | "cacheWrite" | "output" | "reasoning">;

function identityColumns(
  { time, run, task }: RowContext,
  { iteration, request }: { readonly iteration: number; readonly request: string },
): IdentityColumns {
  return { time: new Date(time).toISOString(), run, task, iteration, request };
}

function tokenColumns({ input, cacheRead, cacheWrite, output, reasoning }: TokenUsage): TokenColumns {
  return { input, cached: cacheRead, cacheWrite, output, reasoning };
}
