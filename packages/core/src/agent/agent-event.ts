import type { MicroUsd } from "../money.ts";

/** Tokens of an agent's model calls. Cached and uncached are counted apart. All integers ≥ 0. */
export type TokenUsage = {
  /** Input tokens that were neither read from nor written to a cache. */
  readonly input: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  /** Output tokens, reasoning included. */
  readonly output: number;
  /** The part of `output` that was reasoning, where the provider says so. */
  readonly reasoning: number;
};

export const NO_USAGE: TokenUsage = { input: 0, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0 };

/** Adds two usages field by field. */
export function addUsage(left: TokenUsage, right: TokenUsage): TokenUsage {
  return {
    input: left.input + right.input,
    cacheRead: left.cacheRead + right.cacheRead,
    cacheWrite: left.cacheWrite + right.cacheWrite,
    output: left.output + right.output,
    reasoning: left.reasoning + right.reasoning,
  };
}

/** All tokens of a usage: input of every kind and output. */
export function totalTokens(usage: TokenUsage): number {
  return usage.input + usage.cacheRead + usage.cacheWrite + usage.output;
}

/** Why an agent's attempt failed; each class has its own retry policy. */
export const FAILURE_CLASSES = [
  "rate_limit",
  "overloaded",
  "network",
  "auth",
  "budget",
  "context_overflow",
  "crash",
] as const;
export type FailureClass = (typeof FAILURE_CLASSES)[number];

/** What an agent's process says while it works, normalised. Everything here is the agent's word: a claim, never evidence. */
export type AgentEvent =
  | { readonly type: "session_started"; readonly sessionId?: string; readonly model?: string }
  /** A whole text message of the assistant. The last one is the final message. Never a tool's output, a prompt or a thought. */
  | { readonly type: "message"; readonly text: string }
  | { readonly type: "thought"; readonly text: string }
  | { readonly type: "tool_called"; readonly tool: string; readonly summary: string }
  | { readonly type: "tool_finished"; readonly tool: string; readonly ok: boolean; readonly summary: string }
  /** Usage of this iteration so far: cumulative, replaces what was said before. */
  | { readonly type: "usage"; readonly usage: TokenUsage; readonly model?: string; readonly cost?: MicroUsd }
  /** The agent retries by itself. `delayMs` is how long it says it waits. */
  | { readonly type: "retrying"; readonly failure: FailureClass; readonly message: string; readonly delayMs?: number }
  /** The attempt failed. `resetAt` (ms since the epoch) is when a limit lifts, where it is known. */
  | { readonly type: "failed"; readonly failure: FailureClass; readonly message: string; readonly resetAt?: number }
  /** The agent says that it has ended; nothing is waited for beyond a short grace. `text` is its final message where it is given here. */
  | { readonly type: "finished"; readonly ok: boolean; readonly text?: string }
  /** Output that could not be understood. Counted and said, never fatal. */
  | {
      readonly type: "unreadable";
      readonly bytes: number;
      readonly reason: "not_json" | "line_too_long" | "truncated";
    };
