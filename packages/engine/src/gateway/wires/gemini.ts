import { type JsonObject, listAt, objectAt, textAt } from "../../agents/json-value.ts";
import type { Refusal, WireAdapter } from "../port.ts";
import type { AnswerCounts, AnswerFormat, Reading } from "./answer-format.ts";
import { REFUSAL_STATUSES, type RefusalKind, retryAfter, toRefusalAnswer } from "./refusals.ts";
import { limitAt, mayCost, toFacts, toModelName, withoutQuery } from "./request-facts.ts";
import { clampTokens, splitPrompt, tokensIn } from "./token-counts.ts";
import { usageReaders } from "./usage-reader.ts";

const METHOD = /\/(?:models|tunedModels)\/(?<model>[\w.@-]+):(?<method>\w+)$/;
/** A method of something that is no plain model name: an unusual, or a disguised, path. */
const OTHER_METHOD = /:|%3a/i;
const TEXT_KEYS = ["text", "args"];

const STATUS_NAMES: Readonly<Record<RefusalKind, string>> = {
  budget: "RESOURCE_EXHAUSTED",
  unpriced: "PERMISSION_DENIED",
  safety: "PERMISSION_DENIED",
  credential: "PERMISSION_DENIED",
  endpoint: "NOT_FOUND",
  body: "INVALID_ARGUMENT",
  token: "UNAUTHENTICATED",
  rate_limit: "RESOURCE_EXHAUSTED",
  overloaded: "UNAVAILABLE",
  upstream: "UNAVAILABLE",
};

const FORMAT: AnswerFormat = {
  usageKey: "usageMetadata",
  modelKey: "modelVersion",
  eventTextKeys: TEXT_KEYS,
  bodyTextKeys: TEXT_KEYS,
  read: readDocument,
};

/** Google's Gemini API. */
export const gemini: WireAdapter = {
  name: "gemini",
  provider: "gemini",
  readRequest: (path, body) => {
    const endpoint = withoutQuery(path);
    const { model, method } = METHOD.exec(endpoint)?.groups ?? {};
    const limit = limitAt(objectAt(body, "generationConfig"), "maxOutputTokens", "candidateCount");
    const billable = method === undefined ? mayCost(body) || OTHER_METHOD.test(endpoint) : method !== "countTokens";
    const facts = toFacts(body, billable, [limit]);
    const stream = method === "streamGenerateContent";
    return model === undefined ? { ...facts, stream } : { ...facts, stream, model: toModelName(model) };
  },
  createUsageReader: usageReaders(FORMAT),
  refuse: (refusal) => toRefusalAnswer(refusal, REFUSAL_STATUSES[refusal.reason], toError(refusal)),
};

/** A piece of a stream, or a whole answer. Each piece counts up to itself; the last one says why it is the last. */
function readDocument(document: JsonObject): Reading {
  const model = textAt(document, "modelVersion");
  const counts = readUsage(objectAt(document, "usageMetadata"));
  const candidates = listAt(document, "candidates");
  const final = candidates.length === 0 || candidates.some((one) => textAt(one, "finishReason") !== undefined);
  return { ...(model === undefined ? {} : { model }), ...(counts === undefined ? {} : { counts, final }) };
}

/** The prompt's count includes cached tokens but not those of tools' results; the candidates' count does not include thoughts. */
function readUsage(usage: JsonObject): AnswerCounts | undefined {
  const prompt = tokensIn(usage, "promptTokenCount");
  const answer = tokensIn(usage, "candidatesTokenCount");
  if (prompt === undefined && answer === undefined) return undefined;
  const reasoning = tokensIn(usage, "thoughtsTokenCount") ?? 0;
  const parts = splitPrompt(prompt ?? 0, tokensIn(usage, "cachedContentTokenCount") ?? 0, 0);
  return {
    ...parts,
    input: clampTokens(parts.input + (tokensIn(usage, "toolUsePromptTokenCount") ?? 0)),
    longCacheWrite: 0,
    output: clampTokens((answer ?? 0) + reasoning),
    reasoning,
  };
}

function toError(refusal: Refusal): JsonObject {
  const seconds = retryAfter(refusal);
  const retry = { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: `${seconds}s` };
  return {
    error: {
      code: REFUSAL_STATUSES[refusal.reason],
      message: refusal.message,
      status: STATUS_NAMES[refusal.reason],
      ...(seconds === undefined ? {} : { details: [retry] }),
    },
  };
}
