import { fromUsd, type MicroUsd, type TokenUsage } from "@cloister/core";

/** Input tokens of one request in the lowest tier of every price that has tiers. */
const SMALL_REQUEST = 10_000;

/**
 * What `usage` costs at list price, or undefined where the price table does not know `model`.
 * Some prices rise with the length of a request. A usage is the sum of many requests, whose lengths nobody tells: they are taken
 * for short ones.
 * @param model as agents name it: `gpt-5.6`, `anthropic/claude-opus-5-5`, `claude-opus-5-5[1m]`.
 */
export async function priceUsage(usage: TokenUsage, model: string): Promise<MicroUsd | undefined> {
  // The table is 2 MB: it is loaded when a price is first asked for, not when the program starts.
  const { calcPrice } = await import("@pydantic/genai-prices");
  const [, providerId, name = ""] = /^(?:([^/]+)\/)?(.*?)(?:\[[^\]]*\])?$/.exec(model) ?? [];
  const input = usage.input + usage.cacheRead + usage.cacheWrite;
  const requests = Math.max(1, input / SMALL_REQUEST);
  const tokens = {
    input_tokens: input / requests,
    cache_read_tokens: usage.cacheRead / requests,
    cache_write_tokens: usage.cacheWrite / requests,
    output_tokens: usage.output / requests,
  };
  const price = calcPrice(tokens, name, providerId === undefined ? {} : { providerId });
  return price === null ? undefined : fromUsd(price.total_price * requests);
}
