import { type AgentEvent, fromUsd, type TokenUsage } from "@cloister/core";
import { classifyFailure } from "../failure.ts";
import { amountAt, countAt, isTrueAt, type JsonObject, listAt, textAt } from "../json-value.ts";
import type { Failure } from "../port.ts";

/** How an agent that speaks Claude Code's `stream-json` differs from Claude Code. */
export type ClaudeDialect = {
  /** True where `input_tokens` counts cached tokens too. */
  readonly inputIncludesCache: boolean;
  /** How a text begins that is an error in the assistant's place; undefined where such lines are marked. */
  readonly errorPrefix?: string;
};

/** Reads the `usage` of a message or a result. */
export function readUsage(usage: JsonObject, { inputIncludesCache }: ClaudeDialect): TokenUsage {
  const cacheRead = countAt(usage, "cache_read_input_tokens");
  const cacheWrite = countAt(usage, "cache_creation_input_tokens");
  const input = countAt(usage, "input_tokens") - (inputIncludesCache ? cacheRead + cacheWrite : 0);
  const reasoning = countAt(usage, "output_tokens_details", "thinking_tokens");
  return { input: Math.max(0, input), cacheRead, cacheWrite, output: countAt(usage, "output_tokens"), reasoning };
}

/** Usage as an event. `usd` is what the agent says that it cost, in dollars. */
export function toUsageEvent(usage: TokenUsage, model: string | undefined, usd?: number): AgentEvent {
  const cost = usd === undefined ? {} : { cost: fromUsd(usd) };
  return { type: "usage", usage, ...(model === undefined ? {} : { model }), ...cost };
}

/** Tells whether an "assistant" line holds an error that the CLI words as if the assistant had said it. */
export function isError(line: JsonObject, { errorPrefix }: ClaudeDialect): boolean {
  const text = textAt(listAt(line, "message", "content")[0], "text") ?? "";
  return (
    isTrueAt(line, "is_api_error_message") ||
    textAt(line, "error") !== undefined ||
    textAt(line, "message", "model") === "<synthetic>" ||
    (errorPrefix !== undefined && text.startsWith(errorPrefix))
  );
}

/** Reads an `api_retry` line. */
export function readRetry(line: JsonObject): AgentEvent {
  const kind = textAt(line, "error") ?? "unknown";
  const status = amountAt(line, "error_status");
  // Without a status, the request got no answer at all.
  const { failure } = classifyFailure({ message: "", kind: status === undefined ? "connection" : kind, status });
  const delayMs = amountAt(line, "retry_delay_ms");
  const message = status === undefined ? kind : `${kind} (${status})`;
  return { type: "retrying", failure, message, ...(delayMs === undefined ? {} : { delayMs }) };
}

/** Reads what a failed `result` line and the lines before it tell of the failure. */
export function readFailure(line: JsonObject, told: { errorKind?: string; resetAt?: number }): Failure {
  const errors = listAt(line, "errors").filter((error) => typeof error === "string");
  const subtype = textAt(line, "subtype");
  const kinds = [told.errorKind, textAt(line, "api_error"), subtype === "success" ? undefined : subtype];
  const failure = classifyFailure({
    message: textAt(line, "result") ?? textAt(line, "error", "message") ?? errors.join(" "),
    status: amountAt(line, "api_error_status"),
    kind: kinds.filter((kind) => kind !== undefined).join(" "),
  });
  const { resetAt } = told;
  return failure.failure === "rate_limit" && resetAt !== undefined ? { ...failure, resetAt } : failure;
}
