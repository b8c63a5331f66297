/** Cloister's metrics. Labels are bounded: no run, task or request is ever one. `docs/telemetry.md` lists them. */
import type { RequestEvent, TokenUsage } from "@cloister/core";
import type { Attributes, Histogram, Meter } from "@opentelemetry/api";
import type { RequestSummary } from "../gateway/port.ts";
import { createBoundedLabel } from "./bounded-label.ts";
import { errorType, operationName, totalInput } from "./request-attributes.ts";
import {
  CLOISTER,
  ERROR_TYPE,
  GEN_AI,
  HTTP_STATUS,
  ITERATION_BUCKETS,
  OTHER,
  PROVIDER_NAMES,
  SECONDS_BUCKETS,
  TOKEN_BUCKETS,
} from "./semantic-conventions.ts";

/** Counts what happens. */
export type Metrics = {
  settled(summary: RequestSummary): void;
  refused(event: Extract<RequestEvent, { type: "request_refused" }>): void;
  flagged(event: Extract<RequestEvent, { type: "request_flagged" }>): void;
  /** @param seconds that the iteration took */
  iterationEnded(agent: string, outcome: string, seconds: number): void;
};

/** Creates the instruments on `meter`. */
export function createMetrics(meter: Meter): Metrics {
  const refusals = meter.createCounter("cloister.gateway.refusals", {
    unit: "{request}",
    description: "Requests that the gateway did not send on.",
  });
  const signals = meter.createCounter("cloister.gateway.signals", {
    unit: "{signal}",
    description: "What was found about requests: secrets, broken caches, full windows.",
  });
  const iterations = createHistogram(meter, "cloister.iteration.duration", {
    unit: "s",
    description: "Duration of iterations.",
    buckets: ITERATION_BUCKETS,
  });
  return {
    settled: createRequestMetrics(meter),
    refused: ({ reason, wire }) => refusals.add(1, { [CLOISTER.reason]: reason, [CLOISTER.wire]: wire ?? OTHER }),
    flagged: ({ kind, action }) => signals.add(1, { [CLOISTER.signal]: kind, [CLOISTER.action]: action }),
    iterationEnded: (agent, outcome, seconds) =>
      iterations.record(seconds, { [CLOISTER.agent]: agent, [CLOISTER.outcome]: outcome }),
  };
}

/** Metrics of requests that were sent on. */
function createRequestMetrics(meter: Meter): Metrics["settled"] {
  const boundedModel = createBoundedLabel();
  const recordUsage = createUsageMetrics(meter);
  const duration = createHistogram(meter, "gen_ai.client.operation.duration", {
    unit: "s",
    description: "Duration of requests to models, from their arrival to the end of the answer.",
    buckets: SECONDS_BUCKETS,
  });
  const firstChunk = createHistogram(meter, "gen_ai.client.operation.time_to_first_chunk", {
    unit: "s",
    description: "Time from a streaming request's arrival to the first byte of its answer.",
    buckets: SECONDS_BUCKETS,
  });
  const requests = meter.createCounter("cloister.gateway.requests", {
    unit: "{request}",
    description: "Requests that the gateway sent on.",
  });
  return (summary) => {
    const { request, settled } = summary;
    const labels = requestLabels(summary, boundedModel);
    requests.add(1, { ...labels, [HTTP_STATUS]: settled.status, [CLOISTER.completeness]: settled.completeness });
    const error = errorType(settled);
    duration.record(settled.durationMs / 1000, error === undefined ? labels : { ...labels, [ERROR_TYPE]: error });
    if (request.facts.stream && settled.status !== 0) firstChunk.record(settled.firstByteMs / 1000, labels);
    recordUsage(summary, labels);
  };
}

/** Metrics of tokens and money. */
function createUsageMetrics(meter: Meter): (summary: RequestSummary, labels: Attributes) => void {
  const perRequest = createHistogram(meter, "gen_ai.client.token.usage", {
    unit: "{token}",
    description: "Tokens of a request: input (cached tokens included) and output.",
    buckets: TOKEN_BUCKETS,
  });
  const tokens = meter.createCounter("cloister.gateway.tokens", {
    unit: "{token}",
    description: "Tokens by kind, as the ledger counts them: kinds do not overlap.",
  });
  const cost = meter.createCounter("cloister.gateway.cost", {
    unit: "{micro_usd}",
    description: "Cost of requests in millionths of a US dollar.",
  });
  return ({ settled: { usage, completeness, cost: amount, priceFrom } }, labels) => {
    cost.add(amount, { ...labels, [CLOISTER.priceFrom]: priceFrom });
    if (completeness === "none") return;
    perRequest.record(totalInput(usage), { ...labels, [GEN_AI.tokenType]: "input" });
    perRequest.record(usage.output, { ...labels, [GEN_AI.tokenType]: "output" });
    for (const [kind, count] of tokensByKind(usage)) tokens.add(count, { ...labels, [CLOISTER.tokenKind]: kind });
  };
}

/** Reasoning is a part of the output, so it is no kind of its own. */
function tokensByKind(usage: TokenUsage): readonly (readonly [kind: string, count: number])[] {
  return [
    ["input", usage.input],
    ["cache_read", usage.cacheRead],
    ["cache_write", usage.cacheWrite],
    ["output", usage.output],
  ];
}

function requestLabels({ request, settled }: RequestSummary, boundedModel: (model: string) => string): Attributes {
  return {
    [GEN_AI.operation]: operationName(request),
    [GEN_AI.provider]: PROVIDER_NAMES[request.wire.provider],
    [GEN_AI.requestModel]: boundedModel(request.facts.model),
    [GEN_AI.responseModel]: boundedModel(settled.model),
  };
}

function createHistogram(
  meter: Meter,
  name: string,
  { buckets, ...options }: { readonly unit: string; readonly description: string; readonly buckets: readonly number[] },
): Histogram {
  return meter.createHistogram(name, { ...options, advice: { explicitBucketBoundaries: [...buckets] } });
}
