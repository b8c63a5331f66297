import assert from "node:assert/strict";
import { test } from "node:test";
import { shareOut } from "./statistics.ts";

test("what units did not count is shared out among their tiers, as what they counted", () => {
  const counted = { interpreter: 100, block: 200, region: 600, cached: 400 };
  assert.deepEqual(shareOut(counted, 1000), { interpreter: 100, block: 225, region: 675, cached: 450 });
});

test("where no unit ran, all was interpreted", () => {
  const counted = { interpreter: 1000, block: 0, region: 0, cached: 0 };
  assert.deepEqual(shareOut(counted, 1000), counted);
});
