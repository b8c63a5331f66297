import { fromUsd, type MicroUsd, type TokenUsage } from "@cloister/core";

/**
 * What `usage` costs at list price, or undefined where the price table does not know `model`.
 * @param model as agents name it: `gpt-5.6`, `anthropic/claude-opus-5-5`, `claude-opus-5-5[1m]`.
 */
export async function priceUsage(usage: TokenUsage, model: string): Promise<MicroUsd | undefined> {
  // The table is 2 MB: it is loaded when a price is first asked for, not when the program starts.
  const { calcPrice } = await import("@pydantic/genai-prices");
  const [, providerId, name = ""] = /^(?:([^/]+)\/)?(.*?)(?:\[[^\]]*\])?$/.exec(model) ?? [];
  const tokens = {
    input_tokens: usage.input + usage.cacheRead + usage.cacheWrite,
    cache_read_tokens: usage.cacheRead,
    cache_write_tokens: usage.cacheWrite,
    output_tokens: usage.output,
  };
  const price = calcPrice(tokens, name, providerId === undefined ? {} : { providerId });
  return price === null ? undefined : fromUsd(price.total_price);
}
