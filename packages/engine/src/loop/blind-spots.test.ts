import assert from "node:assert/strict";
import { test } from "node:test";
import { fromUsd, type RunLimits } from "@cloister/core";
import { describeBlindSpots } from "./blind-spots.ts";

const COST: RunLimits = { maxCost: fromUsd(1) };
const TOKENS: RunLimits = { maxTokens: 1 };

const CASES: readonly (readonly [string, { usage: boolean; cost: boolean }, RunLimits, readonly RegExp[]])[] = [
  ["an agent that reports all", { usage: true, cost: true }, { ...COST, ...TOKENS }, []],
  ["an agent without cost, where none is limited", { usage: true, cost: false }, TOKENS, []],
  ["an agent without cost", { usage: true, cost: false }, COST, [/--model/]],
  [
    "an agent that reports nothing",
    { usage: false, cost: false },
    { ...COST, ...TOKENS },
    [/tokens can't/, /cost can't/],
  ],
];

for (const [name, capabilities, limits, expected] of CASES)
  test(`${name} has ${expected.length} blind spots`, () => {
    const spots = describeBlindSpots({ title: "It", capabilities }, limits, undefined);
    assert.equal(spots.length, expected.length);
    for (const [index, pattern] of expected.entries()) assert.match(spots[index] ?? "", pattern);
  });

test("an agent without cost has no blind spot where its model is named", () => {
  const agent = { title: "It", capabilities: { usage: true, cost: false } };
  assert.deepEqual(describeBlindSpots(agent, COST, "gpt-5.5"), []);
});
