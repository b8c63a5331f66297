import assert from "node:assert/strict";
import { test } from "node:test";
import { NO_USAGE, type TokenUsage } from "@cloister/core";
import { priceUsage } from "./price.ts";

const USAGE: TokenUsage = { input: 2450, cacheRead: 900, cacheWrite: 900, output: 84, reasoning: 0 };

/** Of many requests: one of this length would be in a dearer tier. */
const LONG_USAGE: TokenUsage = { ...NO_USAGE, input: 1_000_000, output: 100_000 };

const CASES: readonly { readonly model: string; readonly usage: TokenUsage; readonly price: number | undefined }[] = [
  { model: "claude-opus-5-5", usage: USAGE, price: 16_160 },
  { model: "claude-opus-5-5[1m]", usage: USAGE, price: 16_160 },
  { model: "anthropic/claude-opus-5-5", usage: USAGE, price: 16_160 },
  { model: "claude-opus-5-5", usage: NO_USAGE, price: 0 },
  { model: "gpt-5.5", usage: LONG_USAGE, price: 8_000_000 },
  { model: "no-such-model-here", usage: USAGE, price: undefined },
  { model: "nobody/claude-opus-5-5", usage: USAGE, price: undefined },
  { model: "", usage: USAGE, price: undefined },
];

for (const { model, usage, price } of CASES) {
  test(`${usage.input} input tokens of "${model}" cost ${price ?? "an unknown number of"} micro-dollars`, async () => {
    assert.equal(await priceUsage(usage, model), price);
  });
}
