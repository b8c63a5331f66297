import assert from "node:assert/strict";
import { test } from "node:test";
import { NO_USAGE } from "@cloister/core";
import * as fc from "fast-check";
import { costOf, greatestCost, type PricedTokens, type Rate, type Rates, toRate, toUnits } from "./rates.ts";

const FLAT: Rates = {
  input: toRate(4),
  cacheRead: toRate(0.2),
  cacheWrite: toRate(5),
  longCacheWrite: toRate(8),
  output: toRate(20),
};
const TIERED: Rates = {
  ...FLAT,
  input: {
    base: toUnits(4),
    tiers: [
      { start: 200, price: toUnits(6) },
      { start: 400, price: toUnits(5) },
    ],
  },
  output: { base: toUnits(20), tiers: [{ start: 200, price: toUnits(30) }] },
};

function tokens(usage: Partial<PricedTokens["usage"]>, longCacheWrite: number = 0): PricedTokens {
  return { usage: { ...NO_USAGE, ...usage }, longCacheWrite };
}

const COSTS: readonly (readonly [string, Rates, PricedTokens, number])[] = [
  ["nothing", FLAT, tokens({}), 0],
  ["every kind apart", FLAT, tokens({ input: 1000, cacheRead: 100, cacheWrite: 10, output: 1 }), 4000 + 20 + 50 + 20],
  ["cache writes of an hour apart from the others", FLAT, tokens({ cacheWrite: 10 }, 4), 6 * 5 + 4 * 8],
  ["no more cache writes of an hour than cache writes", FLAT, tokens({ cacheWrite: 10 }, 99), 80],
  ["reasoning as the part of the output that it is", FLAT, tokens({ output: 10, reasoning: 9 }), 200],
  ["half a micro-dollar, up", { ...FLAT, cacheRead: toRate(0.1) }, tokens({ cacheRead: 5 }), 1],
  ["less than half, down", { ...FLAT, cacheRead: toRate(0.1) }, tokens({ cacheRead: 4 }), 0],
  [
    "parts that are rounded together",
    { ...FLAT, input: toRate(0.4), output: toRate(0.4) },
    tokens({ input: 1, output: 1 }),
    1,
  ],
  ["at the start of a tier, still below it", TIERED, tokens({ input: 200, output: 1 }), 800 + 20],
  ["one token above the start of a tier", TIERED, tokens({ input: 201, output: 1 }), 201 * 6 + 30],
  [
    "cached input in the length of a request",
    TIERED,
    tokens({ input: 1, cacheRead: 100, cacheWrite: 100, output: 1 }),
    6 + 20 + 500 + 30,
  ],
  ["output not in the length of a request", TIERED, tokens({ input: 1, output: 1000 }), 4 + 20_000],
  ["in the last tier that is reached", TIERED, tokens({ input: 401 }), 401 * 5],
  ["ten billion tokens, exactly", FLAT, tokens({ input: 10_000_000_000, cacheRead: 3 }), 40_000_000_001],
];

for (const [name, rates, usage, cost] of COSTS) {
  test(`a request is priced: ${name}`, () => assert.equal(costOf(rates, usage), cost));
}

test("a sum of short requests is priced by the length that it is said to have", () => {
  assert.equal(costOf(TIERED, tokens({ input: 5000, output: 10 }), 0), 20_200);
});

const price = fc.integer({ min: 0, max: 700_000_000 }).map(BigInt);
const rate: fc.Arbitrary<Rate> = fc.record({
  base: price,
  tiers: fc
    .array(fc.record({ start: fc.nat({ max: 1000 }), price }), { maxLength: 3 })
    .map((tiers) => tiers.sort((left, right) => left.start - right.start)),
});
const anyRates: fc.Arbitrary<Rates> = fc.record({
  input: rate,
  cacheRead: rate,
  cacheWrite: rate,
  longCacheWrite: rate,
  output: rate,
});
const count = fc.nat({ max: 600 });

test("no request costs more than the greatest cost of one of its size or a greater one, whatever its kinds of tokens", () => {
  const usage = fc.record({ input: count, cacheRead: count, cacheWrite: count, output: count, reasoning: count });
  fc.assert(
    fc.property(anyRates, usage, count, count, (rates, usage, longCacheWrite, more) => {
      const input = usage.input + usage.cacheRead + usage.cacheWrite + more;
      assert.ok(costOf(rates, { usage, longCacheWrite }) <= greatestCost(rates, input, usage.output + more));
    }),
    { numRuns: 5000 },
  );
});

const GREATEST: readonly (readonly [string, Rates, number, number, number])[] = [
  ["all input at the dearest kind", FLAT, 100, 10, 800 + 200],
  ["the tiers that are in reach", { ...TIERED, longCacheWrite: toRate(5) }, 201, 10, 201 * 6 + 300],
  ["no tier that is out of reach", { ...TIERED, longCacheWrite: toRate(5) }, 200, 10, 1000 + 200],
  ["a tier that a longer request would leave", { ...TIERED, longCacheWrite: toRate(5) }, 401, 0, 401 * 6],
  ["rounded up", { ...FLAT, output: toRate(0.1) }, 0, 1, 1],
];

for (const [name, rates, input, output, cost] of GREATEST) {
  test(`the greatest cost takes ${name}`, () => assert.equal(greatestCost(rates, input, output), cost));
}
