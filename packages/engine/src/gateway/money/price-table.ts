import type * as genaiPrices from "@pydantic/genai-prices";
import type { Provider } from "@cloister/core";
import { type ModelName, toProviderId } from "./model-names.ts";
import { dearestPrice, type Rate, type Rates, toRate, toUnits } from "./rates.ts";

/** A model of the price list. */
export type ListedModel = {
  /** As the list names it. */
  readonly name: string;
  readonly rates: Rates;
  /** Tokens, where the list knows. */
  readonly contextWindow?: number;
};

/** The public list of prices, as it holds today. */
export type PriceTable = {
  /** The first of `names` that is listed with a price for text; undefined where none is. */
  find(names: readonly ModelName[]): ListedModel | undefined;
  /** The dearest of a provider's own models. */
  dearest(provider: Provider): ListedModel;
};

type GenaiPrices = typeof genaiPrices;

/** The price table. It is big: loaded when a price is first asked for, not when the program starts. */
export async function loadPriceTable(): Promise<PriceTable> {
  const library = await import("@pydantic/genai-prices");
  const dearest = new Map<Provider, ListedModel>();
  return {
    find: (names) => names.map((name) => lookUp(library, name)).find((model) => model !== undefined),
    dearest: (provider) => {
      const known = dearest.get(provider) ?? findDearest(library, provider);
      dearest.set(provider, known);
      return known;
    },
  };
}

/** A calculation with no tokens gives the prices that hold at this time of the model that the name matches. */
function lookUp({ calcPrice }: GenaiPrices, { provider, name }: ModelName): ListedModel | undefined {
  const found = calcPrice({}, name, provider === undefined ? {} : { providerId: provider });
  return found === null ? undefined : toListed(found);
}

function toListed({
  model,
  model_price,
}: Pick<genaiPrices.PriceCalculation, "model" | "model_price">): ListedModel | undefined {
  const rates = toRates(model_price);
  if (rates === undefined) return undefined;
  const { id: name, context_window: contextWindow } = model;
  return { name, rates, ...(contextWindow === undefined ? {} : { contextWindow }) };
}

/**
 * Kinds that the list has no price for cost as much as the kind that they are part of. A model with no prices at all is given away
 * by its provider; one with other prices alone (of seconds, of pictures) has none for text.
 */
function toRates(prices: genaiPrices.ModelPrice): Rates | undefined {
  const isFree = Object.keys(prices).length === 0;
  const input = rateOf(prices, "input_mtok") ?? (isFree ? toRate(0) : undefined);
  if (input === undefined) return undefined;
  const cacheWrite = rateOf(prices, "cache_write_mtok") ?? input;
  return {
    input,
    cacheRead: rateOf(prices, "cache_read_mtok") ?? input,
    cacheWrite,
    longCacheWrite: rateOf(prices, "cache_write_1h_mtok") ?? cacheWrite,
    output: rateOf(prices, "output_mtok") ?? input,
  };
}

function rateOf(prices: genaiPrices.ModelPrice, key: string): Rate | undefined {
  const price = prices[key];
  if (price === undefined) return undefined;
  if (typeof price === "number") return toRate(price);
  const tiers = price.tiers.map((tier) => ({ start: tier.start, price: toUnits(tier.price) }));
  return { base: toUnits(price.base), tiers };
}

/** Providers also list models of others that they host: those are not what an unknown name of theirs stands for. */
function findDearest(library: GenaiPrices, provider: Provider): ListedModel {
  const providerId = toProviderId(provider);
  const own = (library.findProvider({ providerId })?.models ?? [])
    .filter(({ id }: genaiPrices.ModelInfo) => library.findProvider({ modelId: id })?.id === providerId)
    .flatMap(({ id }) => lookUp(library, { provider: providerId, name: id }) ?? []);
  return own.reduce((most, model) => (worth(model) > worth(most) ? model : most));
}

function worth({ rates }: ListedModel): bigint {
  return dearestPrice(rates.input, Infinity) + dearestPrice(rates.output, Infinity);
}
