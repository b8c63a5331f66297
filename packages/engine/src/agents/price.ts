import type { MicroUsd, TokenUsage } from "@cloister/core";
import { modelNames } from "../gateway/money/model-names.ts";
import { loadPriceTable } from "../gateway/money/price-table.ts";
import { costOf } from "../gateway/money/rates.ts";

/** Tokens of a request in the lowest tier of every price that has tiers. */
const SHORT_REQUEST = 0;

/**
 * What `usage` costs at list price, or undefined where the price table does not know `model`.
 * Some prices rise with the length of a request. A usage is the sum of many requests, whose lengths nobody tells: they are taken
 * for short ones.
 * @param model as agents name it: `gpt-5.6`, `anthropic/claude-opus-5-5`, `claude-opus-5-5[1m]`.
 */
export async function priceUsage(usage: TokenUsage, model: string): Promise<MicroUsd | undefined> {
  const listed = (await loadPriceTable()).find(modelNames(model));
  return listed === undefined ? undefined : costOf(listed.rates, { usage, longCacheWrite: 0 }, SHORT_REQUEST);
}
