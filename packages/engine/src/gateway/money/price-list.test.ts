import assert from "node:assert/strict";
import { test } from "node:test";
import { calcPrice, findProvider } from "@pydantic/genai-prices";
import { NO_AMOUNT, type Provider, type TokenUsage, totalTokens } from "@cloister/core";
import * as fc from "fast-check";
import { toProviderId } from "./model-names.ts";
import { createPriceList, type PricePolicy } from "./price-list.ts";
import { loadPriceTable } from "./price-table.ts";
import { dearestPrice, type Rates } from "./rates.ts";
import { metered, requestOf } from "./testing/requests.ts";

const POLICY: PricePolicy = { prices: {}, unpriced: "dearest" };
const PROVIDERS: readonly Provider[] = ["anthropic", "openai", "gemini"];
const listed = await createPriceList(POLICY);

test("Claude Code's two calls cost what it reckons itself: $0.01616, of 2450 uncached tokens, 900 written and 900 read", () => {
  const usage = metered({ input: 2450, cacheRead: 900, cacheWrite: 900, output: 84 });
  assert.deepEqual(listed.price("anthropic", "claude-opus-5-5", usage), { cost: 16_160, from: "list" });
});

test("writes to a cache of an hour cost what the list says of those", () => {
  const price = (long: number): number =>
    listed.price("anthropic", "claude-opus-5-5", metered({ cacheWrite: 1000 }, long)).cost;
  assert.deepEqual([price(0), price(400), price(1000)], [5000, 6200, 8000]);
});

test("a long request is in its dearer tier by its own input", () => {
  const price = (input: number): number => listed.price("openai", "gpt-5.5", metered({ input, output: 1000 })).cost;
  assert.deepEqual([price(271_999), price(272_000)], [271_999 * 5 + 30_000, 272_000 * 10 + 45_000]);
});

const NAMES: readonly (readonly [Provider, string, string])[] = [
  ["anthropic", "claude-opus-5-5", "claude-opus-5-5"],
  ["anthropic", "claude-opus-5-5[1m]", "claude-opus-5-5"],
  ["anthropic", "claude-opus-5-5-20260901", "claude-opus-5-5"],
  ["anthropic", "claude-opus-5-5@20260901", "claude-opus-5-5"],
  ["anthropic", "anthropic/claude-opus-5-5", "claude-opus-5-5"],
  ["openai", "anthropic/claude-opus-5-5", "claude-opus-5-5"],
  ["openai", "GPT-5.5", "gpt-5.5"],
  ["openai", "openai/gpt-5.5", "gpt-5.5"],
  ["openai", "gpt-5.5-2031-12-31", "gpt-5.5"],
  ["openai", "deepseek-chat", "deepseek-chat"],
  ["gemini", "models/gemini-2.5-flash", "gemini-2.5-flash"],
  ["gemini", "gemini-2.5-flash", "gemini-2.5-flash"],
];

for (const [provider, model, name] of NAMES) {
  test(`"${model}", asked for at ${provider}, has the listed price of ${name}`, () => {
    const { name: found, from } = listed.pricing(provider, model);
    assert.deepEqual([found, from], [name, "list"]);
  });
}

for (const model of [
  "",
  "no-such-model",
  "nobody/claude-opus-5-5",
  "constructor",
  "whisper-1",
  `claude-${"x".repeat(300)}`,
]) {
  test(`"${model.slice(0, 30)}" is in no table: it costs as much as the dearest of its provider, or is refused, as the policy says`, async () => {
    assert.equal(listed.price("openai", model, metered({ input: 1000 })).from, "dearest");
    assert.equal(listed.contextWindow("openai", model), undefined);
    const refusing = await createPriceList({ prices: {}, unpriced: "refuse" });
    assert.equal(refusing.bound(requestOf({ provider: "openai", facts: { model } })), undefined);
    assert.notEqual(listed.bound(requestOf({ provider: "openai", facts: { model } })), undefined);
    assert.equal(
      refusing.price("openai", model, metered({ input: 1000 })).cost,
      150_000,
      "never free, once it has answered",
    );
  });
}

for (const provider of PROVIDERS) {
  test(`no model of ${provider}'s own costs more than its dearest, a token of input and one of output together`, async () => {
    const dearest = listed.pricing(provider, "no-such-model");
    const table = await loadPriceTable();
    const id = toProviderId(provider);
    const own = findProvider({ providerId: id })?.models.filter(
      (model) => findProvider({ modelId: model.id })?.id === id,
    );
    const sums = (own ?? []).flatMap(({ id: name }) => sumOf(table.find([{ provider: id, name }])?.rates) ?? []);
    assert.ok(sums.length > 10);
    assert.equal(
      sumOf(dearest.rates),
      sums.reduce((most, sum) => (sum > most ? sum : most)),
    );
    assert.equal(findProvider({ modelId: dearest.name })?.id, id, `${dearest.name} is a model of its own`);
  });
}

function sumOf(rates: Rates | undefined): bigint | undefined {
  return rates === undefined ? undefined : dearestPrice(rates.input, Infinity) + dearestPrice(rates.output, Infinity);
}

test("a model that answers under an unlisted name has the price of the one that was asked for", () => {
  const usage = metered({ input: 1000 });
  assert.deepEqual(listed.price("anthropic", "opus-next", usage, "claude-opus-5-5"), { cost: 4000, from: "list" });
  assert.deepEqual(listed.price("anthropic", "claude-sonnet-5", usage, "claude-opus-5-5"), {
    cost: 2000,
    from: "list",
  });
  assert.equal(listed.price("anthropic", "opus-next", usage, "unknown-too").from, "dearest");
});

const OVERRIDE = { input: 1, output: 3 };

test("the override table wins over the list, and cache tokens cost as much as input where it does not say", async () => {
  const prices = {
    "claude-opus-5-5": { ...OVERRIDE, cacheRead: 0.5, cacheWrite: 2, contextWindow: 77 },
    local: OVERRIDE,
    free: { input: 0, output: 0 },
  };
  const list = await createPriceList({ prices, unpriced: "refuse" });
  const usage = metered({ input: 1000, cacheRead: 100, cacheWrite: 10, output: 1 }, 10);
  for (const model of ["claude-opus-5-5", "claude-opus-5-5[1m]", "claude-opus-5-5-20260901"]) {
    assert.deepEqual(list.price("anthropic", model, usage), { cost: 1000 + 50 + 20 + 3, from: "override" });
    assert.equal(list.contextWindow("anthropic", model), 77);
  }
  assert.deepEqual(list.price("openai", "local", usage), { cost: 1113, from: "override" });
  assert.equal(list.contextWindow("openai", "local"), undefined);
  assert.deepEqual(list.price("openai", "free", usage), { cost: 0, from: "override" });
  assert.equal(list.bound(requestOf({ provider: "openai", facts: { model: "free" } }))?.cost, 0);
});

test("a model's window is that of the list", () => {
  assert.deepEqual(
    [listed.contextWindow("anthropic", "claude-opus-5-5"), listed.contextWindow("gemini", "no-such-model")],
    [1_000_000, undefined],
  );
});

test("a request that costs nothing has a bound of nothing, whatever its model", async () => {
  const refusing = await createPriceList({ prices: {}, unpriced: "refuse" });
  assert.deepEqual(refusing.bound(requestOf({ facts: { model: "unknown", billable: false } })), NO_AMOUNT);
});

test("a bound is the size of the request at the dearest kinds of tokens", () => {
  const json = { text: "x".repeat(989) };
  assert.equal(JSON.stringify(json).length, 1000);
  const request = requestOf({ json, facts: { maxOutputTokens: 500 } });
  assert.deepEqual(listed.bound(request), { cost: 3048 * 8 + 500 * 20, tokens: 3548 });
});

test("a bound has the tokens of the widest model that may answer, asked first or instead", async () => {
  const prices = { wide: { ...OVERRIDE, contextWindow: 90_000 }, narrow: { ...OVERRIDE, contextWindow: 5000 } };
  const list = await createPriceList({ prices, unpriced: "refuse", fallback: { wide: "narrow" } });
  const turned = await createPriceList({ prices, unpriced: "refuse", fallback: { narrow: "wide" } });
  const facts = { maxOutputTokens: 80_000 };
  assert.equal(list.bound(requestOf({ facts: { ...facts, model: "wide" } }))?.tokens, 82_050);
  assert.equal(turned.bound(requestOf({ facts: { ...facts, model: "narrow" } }))?.tokens, 82_050);
});

test("an unknown model is bounded by the widest window there is, not by that of the model whose prices it has", () => {
  const request = requestOf({
    provider: "openai",
    json: { previous_response_id: "r" },
    facts: { model: "unknown", maxOutputTokens: 1 },
  });
  assert.equal(listed.bound(request)?.tokens, 2_000_000 + 2048 + 1);
});

test("names without end are not remembered, and what is remembered stays right", async () => {
  const list = await createPriceList({ prices: { local: OVERRIDE }, unpriced: "refuse" });
  for (let index = 0; index < 1200; index += 1)
    assert.equal(list.contextWindow("openai", `unknown-${index}`), undefined);
  assert.equal(list.price("openai", "local", metered({ input: 7 })).cost, 7);
  assert.equal(list.price("anthropic", "claude-opus-5-5", metered({ input: 7 })).cost, 28);
});

test("a bound covers every model that may answer instead, around in a circle, too", async () => {
  const prices = { a: OVERRIDE, b: { input: 5, output: 5 }, c: { input: 2, output: 9 }, d: { input: 99, output: 99 } };
  const request = requestOf({ facts: { model: "a", maxOutputTokens: 1000 } });
  const list = await createPriceList({ prices, unpriced: "refuse", fallback: { a: "b", b: "c", c: "a" } });
  const costs = [1, 5, 2].map((input) => 2050 * input);
  assert.equal(
    list.bound(request)?.cost,
    Math.max((costs[0] ?? 0) + 3000, (costs[1] ?? 0) + 5000, (costs[2] ?? 0) + 9000),
  );
  const alone = await createPriceList({ prices, unpriced: "refuse" });
  assert.equal(alone.bound(request)?.cost, 2050 + 3000);
});

const models = PROVIDERS.flatMap((provider) => {
  const ids = findProvider({ providerId: toProviderId(provider) })?.models.map(({ id }) => id) ?? [];
  return ids.map((model) => ({ provider, model }));
});
const tokens = fc.nat({ max: 300_000 });
const usages: fc.Arbitrary<TokenUsage> = fc.record({
  input: tokens,
  cacheRead: tokens,
  cacheWrite: tokens,
  output: tokens,
  reasoning: fc.constant(0),
});

test("prices are those of the price library, to the rounding of one micro-dollar, for every model of every provider", () => {
  let priced = 0;
  fc.assert(
    fc.property(fc.constantFrom(...models), usages, ({ provider, model }, usage) => {
      const { from, name } = listed.pricing(provider, model);
      if (from !== "list" || name !== model) return;
      const whole = {
        input_tokens: usage.input + usage.cacheRead + usage.cacheWrite,
        cache_read_tokens: usage.cacheRead,
        cache_write_tokens: usage.cacheWrite,
        output_tokens: usage.output,
      };
      const expected = calcPrice(whole, model, { providerId: toProviderId(provider) });
      const { cost } = listed.price(provider, model, metered(usage));
      if (expected === null || (expected.model_price.output_mtok === undefined && usage.output > 0)) return;
      assert.ok(
        Math.abs(cost - expected.total_price * 1e6) <= 0.5 + 1e-6 * cost,
        `${model}: ${cost}, ${expected.total_price}`,
      );
      priced += 1;
    }),
    { numRuns: 3000 },
  );
  assert.ok(priced > 1500, `${priced}`);
});

test("what a request comes to is never above its bound, for any model, body and usage of at most one token a byte", () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(
      fc.constantFrom(...models, { provider: "openai" as const, model: "unknown" }),
      fc.record({
        bytes: fc.nat({ max: 400_000 }),
        answer: fc.nat({ max: 60_000 }),
        read: share,
        written: share,
        long: share,
      }),
      ({ provider, model }, { bytes, answer, read, written, long }) => {
        const request = requestOf({
          provider,
          json: { text: "x".repeat(bytes) },
          facts: { model, maxOutputTokens: answer },
        });
        const bound = listed.bound(request);
        assert.ok(bound !== undefined);
        const length = request.body.length;
        const cacheRead = Math.floor(length * read);
        const cacheWrite = Math.floor((length - cacheRead) * written);
        const window = listed.contextWindow(provider, model) ?? Infinity;
        const usage = metered(
          { input: length - cacheRead - cacheWrite, cacheRead, cacheWrite, output: Math.min(answer, window) },
          Math.floor(cacheWrite * long),
        );
        assert.ok(listed.price(provider, model, usage).cost <= bound.cost);
        assert.ok(totalTokens(usage.usage) <= bound.tokens);
      },
    ),
    { numRuns: 400 },
  );
});
