import assert from "node:assert/strict";
import { test } from "node:test";
import { fromUsd, type RunLimits } from "@cloister/core";
import { describeBlindSpots } from "./blind-spots.ts";

const COST: RunLimits = { maxCost: fromUsd(1) };
const TOKENS: RunLimits = { maxTokens: 1 };
const [ALL, NO_COST, NOTHING] = [
  { usage: true, cost: true },
  { usage: true, cost: false },
  { usage: false, cost: false },
];
const OWN = /rest on its own figures/;

type Case = {
  readonly capabilities: { readonly usage: boolean; readonly cost: boolean };
  readonly limits?: RunLimits;
  readonly model?: string;
  readonly isMetered?: boolean;
  readonly hasBudgets?: boolean;
  readonly expected: readonly RegExp[];
};

const CASES: Readonly<Record<string, Case>> = {
  "an agent without limits has none": { capabilities: NOTHING, expected: [] },
  "an agent that reports all is taken at its word": { capabilities: ALL, limits: COST, expected: [OWN] },
  "an agent without cost, where none is limited, is taken at its word": {
    capabilities: NO_COST,
    limits: TOKENS,
    expected: [OWN],
  },
  "an agent without cost needs its model": { capabilities: NO_COST, limits: COST, expected: [OWN, /--model/] },
  "an agent without cost whose model is named needs no more": {
    capabilities: NO_COST,
    limits: COST,
    model: "gpt-5.5",
    expected: [OWN],
  },
  "an agent that reports nothing is held back by nothing": {
    capabilities: NOTHING,
    limits: { ...COST, ...TOKENS },
    expected: [/tokens can't/, /cost can't/],
  },
  "an agent that reports nothing but cost is held back by that": {
    capabilities: { usage: false, cost: true },
    limits: { ...COST, ...TOKENS },
    expected: [/tokens can't/],
  },
  "budgets of the gateway hold nobody back who is not behind it": {
    capabilities: ALL,
    hasBudgets: true,
    expected: [/gateway\.budgets does not/],
  },
  "an agent behind the gateway has none, whatever it reports of cost": {
    capabilities: NO_COST,
    limits: { ...COST, ...TOKENS },
    isMetered: true,
    hasBudgets: true,
    expected: [],
  },
  "a program that reports nothing may pass the gateway by": {
    capabilities: NOTHING,
    limits: COST,
    isMetered: true,
    expected: [/OPENAI_BASE_URL/],
  },
  "a program that reports nothing may pass by budgets, too": {
    capabilities: NOTHING,
    isMetered: true,
    hasBudgets: true,
    expected: [/OPENAI_BASE_URL/],
  },
  "a program behind the gateway that nothing limits has none": {
    capabilities: NOTHING,
    isMetered: true,
    expected: [],
  },
};

for (const [
  name,
  { capabilities, limits = {}, model, isMetered = false, hasBudgets = false, expected },
] of Object.entries(CASES))
  test(`${name}: ${expected.length} blind spots`, () => {
    const spots = describeBlindSpots({ title: "It", capabilities }, limits, { model, isMetered, hasBudgets });
    assert.equal(spots.length, expected.length, spots.join("\n"));
    for (const [index, pattern] of expected.entries()) assert.match(spots[index] ?? "", pattern);
  });
