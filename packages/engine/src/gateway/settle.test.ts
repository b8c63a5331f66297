import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { NO_USAGE } from "@cloister/core";
import type { MeteredUsage } from "./port.ts";
import { chargeableUsage } from "./settle.ts";

const REQUEST = { facts: { model: "m", stream: true, billable: true }, body: Buffer.alloc(400) };
const SEEN: MeteredUsage = {
  usage: { ...NO_USAGE, input: 70, output: 1 },
  longCacheWrite: 0,
  completeness: "partial",
  outputBytes: 80,
};
const UNSEEN: MeteredUsage = { ...SEEN, usage: NO_USAGE };

const CASES: readonly [
  name: string,
  metered: MeteredUsage,
  end: { status: number; ended: boolean; billable?: boolean },
  expected: [completeness: string, input: number, output: number],
][] = [
  [
    "whole usage is charged as it is",
    { ...SEEN, completeness: "whole" },
    { status: 200, ended: true },
    ["whole", 70, 1],
  ],
  [
    "a cut answer: what was counted, and the rest by its bytes",
    SEEN,
    { status: 200, ended: false },
    ["partial", 70, 20],
  ],
  [
    "a cut answer without any count is reckoned by its bytes",
    UNSEEN,
    { status: 200, ended: false },
    ["partial", 100, 20],
  ],
  [
    "a whole answer without usage is estimated",
    { ...UNSEEN, completeness: "none" },
    { status: 200, ended: true },
    ["estimated", 100, 20],
  ],
  ["an error costs nothing", { ...UNSEEN, completeness: "none" }, { status: 500, ended: true }, ["none", 0, 0]],
  ["a cut error costs nothing", UNSEEN, { status: 500, ended: false }, ["none", 0, 0]],
  ["no answer costs nothing", { ...UNSEEN, completeness: "none" }, { status: 0, ended: false }, ["none", 0, 0]],
  [
    "a count of tokens costs nothing",
    { ...UNSEEN, completeness: "none" },
    { status: 200, ended: true, billable: false },
    ["none", 0, 0],
  ],
  ["an error that names usage is charged", SEEN, { status: 500, ended: true }, ["estimated", 70, 20]],
];

describe("what a request is charged for", () => {
  for (const [name, metered, { billable = true, ...end }, expected] of CASES) {
    it(name, () => {
      const request = { ...REQUEST, facts: { ...REQUEST.facts, billable } };
      const charged = chargeableUsage(request, { metered, ...end });
      const { input, output } = charged.metered.usage;
      assert.deepEqual([charged.completeness, input, output], expected);
    });
  }
});
