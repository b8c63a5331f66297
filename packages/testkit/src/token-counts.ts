/** Tokens of a model call by kind. Cached and uncached are counted apart. All integers ≥ 0. */
export type TokenCounts = {
  /** Input tokens that were neither read from nor written to a cache. */
  readonly input: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  /** Output tokens, reasoning included. */
  readonly output: number;
  /** The part of `output` that was reasoning. */
  readonly reasoning: number;
};

/** No tokens at all: where a sum starts. */
export const NO_TOKENS: TokenCounts = { input: 0, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0 };

/** Adds two counts, kind by kind. */
export function addTokens(left: TokenCounts, right: TokenCounts): TokenCounts {
  return {
    input: left.input + right.input,
    cacheRead: left.cacheRead + right.cacheRead,
    cacheWrite: left.cacheWrite + right.cacheWrite,
    output: left.output + right.output,
    reasoning: left.reasoning + right.reasoning,
  };
}

/** Input tokens of every kind: what providers other than Anthropic call the prompt's tokens. */
export function promptTokens(counts: TokenCounts): number {
  return counts.input + counts.cacheRead + counts.cacheWrite;
}
