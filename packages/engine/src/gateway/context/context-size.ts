import type { TokenUsage } from "@cloister/core";

/** What is known of a conversation's size. Tokens, and sums of them. */
export type ContextSize = {
  /** Answers that named their input. */
  readonly requests: number;
  readonly lastTokens: number;
  /** Sum of what requests were larger than the one before. */
  readonly grown: number;
  /** Sums over all requests: input read from the cache, and input of every kind. */
  readonly cachedInput: number;
  readonly allInput: number;
  /** Tokens of the model's window, where known. */
  readonly window?: number;
};

/** A conversation's size for people. */
export type ContextReport = {
  readonly requests: number;
  /** Input tokens of the last request, cached or not. */
  readonly lastTokens: number;
  /** Tokens of the model's window; left out where unknown. */
  readonly window?: number;
  /** Tokens that a request is larger than the one before, on average; a conversation that shrank counts as 0. */
  readonly growthPerTurn: number;
  /** Share of all input that came from the cache, 0 to 1. */
  readonly cachedShare: number;
};

export const NO_CONTEXT: ContextSize = { requests: 0, lastTokens: 0, grown: 0, cachedInput: 0, allInput: 0 };

/** `size` after one more answer. An answer that names no input (an error) changes nothing. */
export function addTurn(size: ContextSize, usage: TokenUsage, window: number | undefined): ContextSize {
  const tokens = usage.input + usage.cacheRead + usage.cacheWrite;
  if (tokens === 0) return size;
  const known = window ?? size.window;
  return {
    requests: size.requests + 1,
    lastTokens: tokens,
    grown: size.grown + (size.requests === 0 ? 0 : Math.max(0, tokens - size.lastTokens)),
    cachedInput: size.cachedInput + usage.cacheRead,
    allInput: size.allInput + tokens,
    ...(known === undefined ? {} : { window: known }),
  };
}

/** `size` in the numbers that people ask for. */
export function toContextReport(size: ContextSize): ContextReport {
  return {
    requests: size.requests,
    lastTokens: size.lastTokens,
    growthPerTurn: size.requests < 2 ? 0 : Math.round(size.grown / (size.requests - 1)),
    cachedShare: size.allInput === 0 ? 0 : size.cachedInput / size.allInput,
    ...(size.window === undefined ? {} : { window: size.window }),
  };
}

/** Share of the window that the last request filled; undefined where the window is unknown. May exceed 1. */
export function filledShare({ lastTokens, window }: ContextSize): number | undefined {
  return window === undefined || window <= 0 ? undefined : lastTokens / window;
}
