import type { MicroUsd, TokenUsage } from "@cloister/core";

/**
 * What a token of one kind costs, in millionths of a micro-dollar: whole numbers, so that sums are exact. A tier holds for every
 * token of a request whose input, of all kinds together, is more than `start` tokens; of several the last.
 */
export type Rate = {
  readonly base: bigint;
  readonly tiers: readonly { readonly start: number; readonly price: bigint }[];
};

/** What the tokens of a model cost. `longCacheWrite`: written to a cache that is kept for an hour. */
export type Rates = Readonly<Record<"input" | "cacheRead" | "cacheWrite" | "longCacheWrite" | "output", Rate>>;

/** Tokens to be priced; `longCacheWrite` is a part of `usage.cacheWrite`. */
export type PricedTokens = { readonly usage: TokenUsage; readonly longCacheWrite: number };

const UNITS_PER_MICRO_USD = 1_000_000n;

/** A rate in dollars per million tokens: the same as micro-dollars per token. */
export function toRate(usdPerMillion: number): Rate {
  return { base: toUnits(usdPerMillion), tiers: [] };
}

/** The units of a price in dollars per million tokens; what is finer than six decimals is rounded. */
export function toUnits(usdPerMillion: number): bigint {
  return BigInt(Math.round(usdPerMillion * 1e6));
}

/**
 * What one request costs, rounded once, half up, to a micro-dollar.
 * @param length input tokens that decide on the tier; those of the usage where it is one request's.
 */
export function costOf(
  rates: Rates,
  { usage, longCacheWrite }: PricedTokens,
  length: number = usage.input + usage.cacheRead + usage.cacheWrite,
): MicroUsd {
  const long = Math.min(longCacheWrite, usage.cacheWrite);
  const unitsOf = (rate: Rate, tokens: number): bigint => (tokens === 0 ? 0n : priceAt(rate, length) * BigInt(tokens));
  const units =
    unitsOf(rates.input, usage.input) +
    unitsOf(rates.cacheRead, usage.cacheRead) +
    unitsOf(rates.cacheWrite, usage.cacheWrite - long) +
    unitsOf(rates.longCacheWrite, long) +
    unitsOf(rates.output, usage.output);
  return Number((units + UNITS_PER_MICRO_USD / 2n) / UNITS_PER_MICRO_USD) as MicroUsd;
}

/** The most that a request of at most so many tokens can cost: each at the dearest price that it can have, rounded up. */
export function greatestCost(rates: Rates, input: number, output: number): MicroUsd {
  const inputs = [rates.input, rates.cacheRead, rates.cacheWrite, rates.longCacheWrite];
  const dearestInput = inputs.map((rate) => dearestPrice(rate, input)).reduce(greater);
  const units = dearestInput * BigInt(input) + dearestPrice(rates.output, input) * BigInt(output);
  return Number((units + UNITS_PER_MICRO_USD - 1n) / UNITS_PER_MICRO_USD) as MicroUsd;
}

/** The dearest price that a rate has in requests of at most `length` input tokens. */
export function dearestPrice({ base, tiers }: Rate, length: number): bigint {
  return tiers.filter(({ start }) => length > start).reduce((most, { price }) => greater(most, price), base);
}

function priceAt({ base, tiers }: Rate, length: number): bigint {
  return tiers.findLast(({ start }) => length > start)?.price ?? base;
}

function greater(left: bigint, right: bigint): bigint {
  return left > right ? left : right;
}
