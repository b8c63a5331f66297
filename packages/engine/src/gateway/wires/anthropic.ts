import { type JsonObject, listAt, objectAt, textAt, toObject } from "../../agents/json-value.ts";
import type { Refusal, WireAdapter } from "../port.ts";
import type { AnswerCounts, AnswerFormat, Reading } from "./answer-format.ts";
import { REFUSAL_STATUSES, type RefusalKind, type RefusalStatuses, toRefusalAnswer } from "./refusals.ts";
import { limitAt, mayCost, toFacts, withoutQuery } from "./request-facts.ts";
import { clampTokens, tokensIn } from "./token-counts.ts";
import { usageReaders } from "./usage-reader.ts";

const MESSAGES = "/v1/messages";
const COUNT_TOKENS = "/v1/messages/count_tokens";

const STATUSES: RefusalStatuses = { ...REFUSAL_STATUSES, overloaded: 529, upstream: 529 };

const ERROR_TYPES: Readonly<Record<RefusalKind, string>> = {
  budget: "billing_error",
  unpriced: "permission_error",
  safety: "permission_error",
  credential: "permission_error",
  endpoint: "not_found_error",
  body: "request_too_large",
  token: "authentication_error",
  rate_limit: "rate_limit_error",
  overloaded: "overloaded_error",
  upstream: "overloaded_error",
};

const KINDS = ["input", "cacheRead", "cacheWrite", "longCacheWrite", "output", "reasoning"] as const;

/** Samplings that the counts at the top leave out, though they are paid for. */
const SEPARATE_ITERATIONS: ReadonlySet<string | undefined> = new Set(["compaction", "advisor_message"]);

const FORMAT: AnswerFormat = {
  usageKey: "usage",
  modelKey: "model",
  eventTextKeys: ["text", "thinking", "partial_json"],
  bodyTextKeys: ["text", "thinking", "input"],
  read: readDocument,
};

/** Anthropic's Messages API. */
export const anthropic: WireAdapter = {
  name: "anthropic",
  provider: "anthropic",
  readRequest: (path, body) => {
    const endpoint = withoutQuery(path);
    const isMessage = endpoint === MESSAGES || endpoint.startsWith(`${MESSAGES}/`);
    const billable = endpoint !== COUNT_TOKENS && (isMessage || mayCost(body));
    return toFacts(body, billable, [limitAt(body, "max_tokens")]);
  },
  createUsageReader: usageReaders(FORMAT),
  refuse: (refusal: Refusal) =>
    toRefusalAnswer(refusal, STATUSES[refusal.reason], {
      type: "error",
      error: { type: ERROR_TYPES[refusal.reason], message: refusal.message },
    }),
};

/** `message_start` and `message_delta` of a stream, or a whole message. */
function readDocument(document: JsonObject): Reading {
  const isStart = document["type"] === "message_start";
  const message = isStart ? objectAt(document, "message") : document;
  const model = textAt(message, "model");
  const counts = readUsage(objectAt(message, "usage"));
  // A stream may have several deltas; the one with the reason of the end is the last.
  const isLast = document["type"] !== "message_delta" || textAt(document, "delta", "stop_reason") !== undefined;
  return {
    ...(model === undefined ? {} : { model }),
    ...(Object.keys(counts).length === 0 ? {} : { counts, final: !isStart && isLast }),
  };
}

/** Counts by kind; those that are not named are left out, because a delta need not repeat what the start said. */
function readUsage(usage: JsonObject): Partial<AnswerCounts> {
  const told = readSampling(usage);
  for (const iteration of listAt(usage, "iterations")) {
    if (!SEPARATE_ITERATIONS.has(textAt(iteration, "type"))) continue;
    for (const [kind, count] of Object.entries(readSampling(toObject(iteration) ?? {}))) {
      const name = kind as keyof AnswerCounts;
      told[name] = clampTokens((told[name] ?? 0) + count);
    }
  }
  return told;
}

function readSampling(usage: JsonObject): Told {
  const lifetimes = objectAt(usage, "cache_creation");
  const long = tokensIn(lifetimes, "ephemeral_1h_input_tokens");
  const short = tokensIn(lifetimes, "ephemeral_5m_input_tokens");
  const byLifetime = long === undefined && short === undefined ? undefined : clampTokens((long ?? 0) + (short ?? 0));
  return withoutUndefined({
    input: tokensIn(usage, "input_tokens"),
    cacheRead: tokensIn(usage, "cache_read_input_tokens"),
    cacheWrite: tokensIn(usage, "cache_creation_input_tokens") ?? byLifetime,
    longCacheWrite: long,
    output: tokensIn(usage, "output_tokens"),
    reasoning: tokensIn(objectAt(usage, "output_tokens_details"), "thinking_tokens"),
  });
}

type Told = { -readonly [Kind in keyof AnswerCounts]?: number };

function withoutUndefined(counts: { readonly [Kind in keyof AnswerCounts]: number | undefined }): Told {
  const told: Told = {};
  for (const kind of KINDS) {
    const count = counts[kind];
    if (count !== undefined) told[kind] = count;
  }
  return told;
}
