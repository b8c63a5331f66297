/** What OpenAI's two wires have in common. */
import { type JsonObject, objectAt } from "../../agents/json-value.ts";
import type { GatewayAnswer, Refusal } from "../port.ts";
import type { AnswerCounts } from "./answer-format.ts";
import { type RefusalKind, type RefusalStatuses, toRefusalAnswer } from "./refusals.ts";
import { splitPrompt, tokensIn } from "./token-counts.ts";

/** Codes that make OpenAI's clients stop, or try again. */
const ERROR_CODES: Readonly<Record<RefusalKind, string>> = {
  budget: "insufficient_quota",
  unpriced: "model_not_found",
  safety: "content_policy_violation",
  credential: "permission_denied",
  endpoint: "unknown_url",
  body: "invalid_request_error",
  token: "invalid_api_key",
  rate_limit: "rate_limit_exceeded",
  overloaded: "server_error",
  upstream: "server_error",
};

/** Kinds of errors, which `type` says and `code` makes precise. */
const ERROR_TYPES: Readonly<Partial<Record<RefusalKind, string>>> = {
  budget: "insufficient_quota",
  rate_limit: "rate_limit_exceeded",
  overloaded: "server_error",
  upstream: "server_error",
};

/** An answer that refuses, in the shape of OpenAI's errors. */
export function refuseAsOpenAi(refusal: Refusal, statuses: RefusalStatuses): GatewayAnswer {
  const { reason, message } = refusal;
  const type = ERROR_TYPES[reason] ?? "invalid_request_error";
  return toRefusalAnswer(refusal, statuses[reason], {
    error: { message, type, code: ERROR_CODES[reason], param: null },
  });
}

/**
 * Counts of a `usage` object of Responses (`input_tokens`) or Chat Completions (`prompt_tokens`). Both include cached tokens.
 * @returns undefined where neither input nor output is named.
 */
export function readOpenAiUsage(usage: JsonObject): AnswerCounts | undefined {
  const named = tokensIn(usage, "input_tokens") ?? tokensIn(usage, "prompt_tokens");
  const completion = tokensIn(usage, "output_tokens") ?? tokensIn(usage, "completion_tokens");
  if (named === undefined && completion === undefined) return undefined;
  const prompt = named ?? 0;
  const inputDetails = { ...objectAt(usage, "prompt_tokens_details"), ...objectAt(usage, "input_tokens_details") };
  const outputDetails = {
    ...objectAt(usage, "completion_tokens_details"),
    ...objectAt(usage, "output_tokens_details"),
  };
  return {
    ...splitPrompt(
      prompt,
      tokensIn(inputDetails, "cached_tokens") ?? 0,
      tokensIn(inputDetails, "cache_write_tokens") ?? 0,
    ),
    longCacheWrite: 0,
    // Some compatible providers (xAI, Gemini) leave reasoning out of the completion and count it in the total alone.
    output: Math.max(completion ?? 0, (tokensIn(usage, "total_tokens") ?? 0) - prompt),
    reasoning: tokensIn(outputDetails, "reasoning_tokens") ?? 0,
  };
}
