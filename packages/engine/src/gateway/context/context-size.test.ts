import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { NO_USAGE, type TokenUsage } from "@cloister/core";
import { addTurn, filledShare, NO_CONTEXT, toContextReport, type ContextSize } from "./context-size.ts";

function sizeOf(turns: readonly Partial<TokenUsage>[], window?: number): ContextSize {
  return turns.reduce<ContextSize>((size, turn) => addTurn(size, { ...NO_USAGE, ...turn }, window), NO_CONTEXT);
}

const CASES: readonly { name: string; turns: readonly Partial<TokenUsage>[]; report: object }[] = [
  {
    name: "counts cached and uncached input of the last request",
    turns: [{ input: 100, cacheRead: 800, cacheWrite: 100, output: 5000 }],
    report: { requests: 1, lastTokens: 1000, window: 10_000, growthPerTurn: 0, cachedShare: 0.8 },
  },
  {
    name: "takes growth as an average over turns",
    turns: [{ input: 1000 }, { input: 1200 }, { input: 1600 }],
    report: { requests: 3, lastTokens: 1600, window: 10_000, growthPerTurn: 300, cachedShare: 0 },
  },
  {
    name: "counts a conversation that shrank as not grown",
    turns: [{ input: 1000 }, { input: 400 }, { input: 500 }],
    report: { requests: 3, lastTokens: 500, window: 10_000, growthPerTurn: 50, cachedShare: 0 },
  },
  {
    name: "does not count answers that name no input",
    turns: [{ input: 1000 }, {}, { output: 7 }],
    report: { requests: 1, lastTokens: 1000, window: 10_000, growthPerTurn: 0, cachedShare: 0 },
  },
];

for (const { name, turns, report } of CASES) {
  test(`a context's size ${name}`, () => assert.deepEqual(toContextReport(sizeOf(turns, 10_000)), report));
}

test("without a window there is no filled share, and none is reported", () => {
  const size = sizeOf([{ input: 10 }]);
  assert.equal(filledShare(size), undefined);
  assert.equal("window" in toContextReport(size), false);
});

test("the cached share stays between 0 and 1 and growth is never negative", () => {
  const tokens = fc.nat({ max: 1_000_000 });
  const turn = fc.record({ input: tokens, cacheRead: tokens, cacheWrite: tokens });
  fc.assert(
    fc.property(fc.array(turn), (turns) => {
      const { cachedShare, growthPerTurn } = toContextReport(sizeOf(turns));
      assert.ok(cachedShare >= 0 && cachedShare <= 1 && growthPerTurn >= 0);
    }),
  );
});
