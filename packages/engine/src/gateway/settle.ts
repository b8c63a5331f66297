import { type Completeness, type RequestEvent, type RequestSignal, totalTokens } from "@cloister/core";
import type { Ledger } from "./ledger.ts";
import type { ContextWatch, GatewayObserver, MeteredUsage, ModelRequest, PriceList } from "./port.ts";
import type { Reservation } from "./spend-gate.ts";

/** A token is about this many bytes of text; only what no provider has counted is reckoned with it. */
const BYTES_PER_TOKEN = 4;

/** Where it is written what became of a request. */
export type Books = {
  readonly prices: PriceList;
  readonly ledger: Ledger;
  readonly context: ContextWatch;
  readonly observers: readonly GatewayObserver[];
};

/** How a request ended. */
export type Ending = {
  readonly metered: MeteredUsage;
  /** HTTP status that the agent saw; 0 where it saw none. */
  readonly status: number;
  /** The answer came to its proper end. */
  readonly ended: boolean;
  /** The label of the credential that it was answered with; empty where there was no answer. */
  readonly credential: string;
  /** ms from the request's arrival. */
  readonly firstByteMs: number;
  readonly attempts: number;
};

/** Writes what a request came to, and gives back what was reserved for it. Called once per request. */
export function settleRequest(
  books: Books,
  request: ModelRequest,
  reserved: Reservation | undefined,
  end: Ending,
): void {
  const { metered, completeness } = chargeableUsage(request, end);
  const { provider } = request.wire;
  const model = metered.model ?? request.facts.model;
  const { cost, from: priceFrom } = books.prices.price(provider, model, metered, request.facts.model);
  const window = books.prices.contextWindow(provider, model);
  const settled: Extract<RequestEvent, { type: "request_settled" }> = {
    type: "request_settled",
    ...identifyRequest(request),
    model: model.slice(0, 200),
    credential: end.credential,
    usage: metered.usage,
    cost,
    priceFrom,
    completeness,
    status: end.status,
    firstByteMs: Math.round(end.firstByteMs),
    durationMs: Math.round(performance.now() - request.startedAt),
    attempts: end.attempts,
    ...(window === undefined ? {} : { contextWindow: window }),
  };
  const warnings = reserved?.settle({ cost, tokens: totalTokens(metered.usage) }) ?? [];
  books.ledger.note(settled, ...warnings);
  flagRequest(books, request, books.context.answered(request, metered.usage, window));
  for (const observer of books.observers) observer.settled?.({ request, settled });
}

/** Writes signals about a request, and tells whoever listens. */
export function flagRequest(
  { ledger, observers }: Pick<Books, "ledger" | "observers">,
  { id, identity }: ModelRequest,
  signals: readonly RequestSignal[],
): void {
  for (const signal of signals) {
    const event = { type: "request_flagged", request: id, iteration: identity.iteration, ...signal } as const;
    ledger.note(event);
    for (const observer of observers) observer.flagged?.(event);
  }
}

/** How the ledger names a request. */
export function identifyRequest({
  id,
  identity,
  wire,
  facts,
}: ModelRequest): Pick<
  Extract<RequestEvent, { type: "request_reserved" }>,
  "request" | "iteration" | "wire" | "model"
> {
  return { request: id, iteration: identity.iteration, wire: wire.name, model: facts.model.slice(0, 200) };
}

/**
 * Completes what was seen of a request's usage. An agent that cuts its answers off before their usage is named does not go free: what
 * was not counted is estimated from the bytes that passed.
 */
export function chargeableUsage(
  { facts, body }: Pick<ModelRequest, "facts" | "body">,
  { metered, status, ended }: Pick<Ending, "metered" | "status" | "ended">,
): { readonly metered: MeteredUsage; readonly completeness: Completeness } {
  if (metered.completeness === "whole") return { metered, completeness: "whole" };
  const { usage, outputBytes } = metered;
  const isInputKnown = usage.input + usage.cacheRead + usage.cacheWrite > 0;
  const isFree = !facts.billable || status < 200 || status >= 300;
  if (isFree && !isInputKnown) return { metered, completeness: "none" };
  const completed = {
    ...usage,
    input: isInputKnown ? usage.input : toTokens(body.length),
    output: Math.max(usage.output, toTokens(outputBytes)),
  };
  return { metered: { ...metered, usage: completed }, completeness: ended ? "estimated" : "partial" };
}

function toTokens(bytes: number): number {
  return Math.ceil(bytes / BYTES_PER_TOKEN);
}
