import assert from "node:assert/strict";
import { test } from "node:test";
import { describeTokens } from "./quantities.ts";

const TOKENS: readonly (readonly [number, string])[] = [
  [0, "0"],
  [999, "999"],
  [1000, "1.0k"],
  [15_640, "15.6k"],
  [999_949, "999.9k"],
  [999_950, "1.0M"],
  [12_345_678, "12.3M"],
];

for (const [tokens, shown] of TOKENS)
  test(`${tokens} tokens are shown as ${shown}`, () => assert.equal(describeTokens(tokens), shown));
