import { type Amount, NO_AMOUNT, type Provider } from "@cloister/core";
import type { GatewayPolicy, PriceOverride } from "../policy.ts";
import type { MeteredUsage, ModelRequest, Price, PriceList } from "../port.ts";
import { MAX_NAME_LENGTH, modelNames } from "./model-names.ts";
import { type ListedModel, loadPriceTable, type PriceTable } from "./price-table.ts";
import { costOf, greatestCost, toRate } from "./rates.ts";
import { greatestSize } from "./request-size.ts";

/** What prices depend on. `fallback`: a request is bounded by the dearest of the models that may answer it. */
export type PricePolicy = Pick<GatewayPolicy, "prices" | "unpriced"> & Partial<Pick<GatewayPolicy, "fallback">>;

/** A model's prices and where they are from. */
export type ModelPricing = ListedModel & { readonly from: Exclude<Price["from"], "unpriced"> };

/** A price list that tells which model's prices it takes. */
export interface NamedPriceList extends PriceList {
  /** How requests to `model` are priced, for people: `name` is that of the dearest model where `from` is `dearest`. */
  pricing(provider: Provider, model: string): ModelPricing;
}

/** Names come from requests: no more of them are kept, of a provider, than a user has models. */
const MOST_REMEMBERED = 500;

/** Loads the price list; what it returns is synchronous. */
export async function createPriceList(policy: PricePolicy): Promise<NamedPriceList> {
  return new TablePriceList(policy, await loadPriceTable());
}

class TablePriceList implements NamedPriceList {
  readonly #policy: PricePolicy;
  readonly #table: PriceTable;
  #remembered: Partial<Record<Provider, Map<string, ModelPricing | undefined>>> = {};
  #minute = 0;

  constructor(policy: PricePolicy, table: PriceTable) {
    this.#policy = policy;
    this.#table = table;
  }

  /** A model that is in no table is never free: once it has answered, it costs as much as the dearest, whatever the policy. */
  price(provider: Provider, model: string, usage: MeteredUsage, asked: string = model): Price {
    const { rates, from } = this.#known(provider, model) ?? this.pricing(provider, asked);
    return { cost: costOf(rates, usage), from };
  }

  bound(request: ModelRequest): Amount | undefined {
    const { facts, wire } = request;
    if (!facts.billable) return NO_AMOUNT;
    if (this.#policy.unpriced === "refuse" && this.#known(wire.provider, facts.model) === undefined) return undefined;
    const amounts = this.#answering(facts.model).map((model) => boundOf(this.pricing(wire.provider, model), request));
    return amounts.reduce((most, amount) => ({
      cost: amount.cost > most.cost ? amount.cost : most.cost,
      tokens: Math.max(most.tokens, amount.tokens),
    }));
  }

  contextWindow(provider: Provider, model: string): number | undefined {
    return this.#known(provider, model)?.contextWindow;
  }

  pricing(provider: Provider, model: string): ModelPricing {
    const known = this.#known(provider, model);
    if (known !== undefined) return known;
    // Its prices alone: the window of an unknown model is not known either.
    const { name, rates } = this.#table.dearest(provider);
    return { name, rates, from: "dearest" };
  }

  /** Remembers for a minute: to look through the list takes longer than all the rest of a request, and its prices depend on the time. */
  #known(provider: Provider, model: string): ModelPricing | undefined {
    if (model.length > MAX_NAME_LENGTH) return undefined;
    const minute = Math.floor(Date.now() / 60_000);
    if (minute !== this.#minute) this.#remembered = {};
    this.#minute = minute;
    const remembered = (this.#remembered[provider] ??= new Map());
    if (!remembered.has(model)) {
      if (remembered.size >= MOST_REMEMBERED) remembered.clear();
      remembered.set(model, this.#lookUp(provider, model));
    }
    return remembered.get(model);
  }

  #lookUp(provider: Provider, model: string): ModelPricing | undefined {
    const names = modelNames(model, provider);
    const override = [model, ...names.map(({ name }) => name)].find((name) => Object.hasOwn(this.#policy.prices, name));
    const price = override === undefined ? undefined : this.#policy.prices[override];
    if (override !== undefined && price !== undefined) return fromOverride(override, price);
    const listed = this.#table.find(names);
    return listed === undefined ? undefined : { ...listed, from: "list" };
  }

  /** The model that is asked for, and those that may be asked instead. */
  #answering(model: string): readonly string[] {
    const { fallback = {} } = this.#policy;
    if (!Object.hasOwn(fallback, model)) return [model];
    const models = new Set([model]);
    // A set goes on to what is added while it is walked through; a circle adds nothing new.
    for (const each of models) {
      const next = Object.hasOwn(fallback, each) ? fallback[each] : undefined;
      if (next !== undefined) models.add(next);
    }
    return [...models];
  }
}

function boundOf({ rates, contextWindow }: ModelPricing, request: ModelRequest): Amount {
  const { input, output } = greatestSize(request, contextWindow);
  return { cost: greatestCost(rates, input, output), tokens: input + output };
}

function fromOverride(name: string, { input, output, contextWindow, ...price }: PriceOverride): ModelPricing {
  const cacheWrite = toRate(price.cacheWrite ?? input);
  const cacheRead = toRate(price.cacheRead ?? input);
  const rates = { input: toRate(input), cacheRead, cacheWrite, longCacheWrite: cacheWrite, output: toRate(output) };
  return { name, rates, from: "override", ...(contextWindow === undefined ? {} : { contextWindow }) };
}
