import assert from "node:assert/strict";
import { test } from "node:test";
import { describeGate, gatesProve, judgeGate } from "./judge.ts";
import type { GateOutcome, GateResult, JudgedGate, TestResults, TestStatus } from "./result.ts";

const EMPTY = { sha256: "0".repeat(64), bytes: 0 };

function tests(cases: Readonly<Record<string, TestStatus>>, more: Partial<TestResults> = {}): TestResults {
  const count = (status: TestStatus): number => Object.values(cases).filter((each) => each === status).length;
  return { runner: "tap", passed: count("passed"), failed: count("failed"), skipped: count("skipped"), cases, ...more };
}

function result(verdict: GateResult["verdict"], found?: TestResults): GateResult {
  return {
    gate: "test",
    verdict,
    ...(verdict === "inconclusive" ? { inconclusive: "timeout" as const } : {}),
    exitCode: verdict === "passed" ? 0 : 1,
    signal: null,
    durationMs: 4200,
    ...(found === undefined ? {} : { tests: found }),
    output: EMPTY,
    excerpt: "",
  };
}

const RED = result("failed");
const RED_A = result("failed", tests({ a: "failed", b: "passed" }));
const RED_AB = result("failed", tests({ a: "failed", b: "failed", c: "passed" }));
const counted = (passed: number, failed: number): GateResult =>
  result("failed", { runner: "bun", passed, failed, skipped: 0, cases: {}, partial: true });

type Case = {
  readonly name: string;
  readonly baseline?: GateResult;
  readonly now: GateResult;
  readonly required?: boolean;
  readonly outcome: GateOutcome;
  readonly newFailures?: readonly string[];
  readonly oldFailures?: readonly string[];
};

const CASES: readonly Case[] = [
  { name: "green is passed, whatever the base said", baseline: RED_A, now: result("passed"), outcome: "passed" },
  { name: "what could not run is inconclusive", baseline: RED, now: result("inconclusive"), outcome: "inconclusive" },
  { name: "red on a green base is failed", baseline: result("passed"), now: RED, outcome: "failed" },
  { name: "red without a baseline is failed", now: RED_A, outcome: "failed", newFailures: ["a"] },
  { name: "red on an inconclusive base is failed", baseline: result("inconclusive"), now: RED, outcome: "failed" },
  {
    name: "old failures beside a passing test do not block",
    baseline: RED_AB,
    now: RED_AB,
    outcome: "passed",
    oldFailures: ["a", "b"],
  },
  { name: "fewer old failures do not block", baseline: RED_AB, now: RED_A, outcome: "passed", oldFailures: ["a"] },
  {
    name: "a new failure among old ones blocks",
    baseline: RED_A,
    now: RED_AB,
    outcome: "failed",
    newFailures: ["b"],
    oldFailures: ["a"],
  },
  {
    name: "old failures alone prove nothing",
    baseline: RED_A,
    now: result("failed", tests({ a: "failed" })),
    outcome: "pre_existing",
    oldFailures: ["a"],
  },
  { name: "red on red without tests proves nothing", baseline: RED, now: RED, outcome: "pre_existing" },
  { name: "a build error that hides the base's tests blocks", baseline: RED_A, now: RED, outcome: "failed" },
  {
    name: "failures of tests that the base could not run block",
    baseline: RED,
    now: RED_A,
    outcome: "failed",
    newFailures: ["a"],
  },
  {
    name: "green tests in a red gate block where the base's tests were red",
    baseline: RED_A,
    now: result("failed", tests({ a: "passed" })),
    outcome: "failed",
  },
  {
    name: "green tests in a red gate prove nothing where it was so on the base",
    baseline: result("failed", tests({ a: "passed" })),
    now: result("failed", tests({ a: "passed" })),
    outcome: "pre_existing",
  },
  { name: "more failures by number block", baseline: counted(5, 1), now: counted(4, 2), outcome: "failed" },
  {
    name: "as many failures by number prove nothing",
    baseline: counted(5, 1),
    now: counted(5, 1),
    outcome: "pre_existing",
  },
  {
    name: "a required gate has no old failures",
    baseline: RED_A,
    now: RED_A,
    required: true,
    outcome: "failed",
    newFailures: ["a"],
  },
];

for (const { name, baseline, now, required, outcome, newFailures = [], oldFailures = [] } of CASES) {
  test(name, () => {
    const spec = { name: "test", command: "npm test", ...(required === undefined ? {} : { required }) };
    const judged = judgeGate({ spec, result: now, baseline });
    assert.deepEqual(
      { outcome: judged.outcome, newFailures: judged.newFailures, oldFailures: judged.oldFailures },
      { outcome, newFailures, oldFailures },
    );
  });
}

const judged = (outcome: GateOutcome): JudgedGate => ({
  gate: "test",
  outcome,
  newFailures: [],
  oldFailures: [],
  durationMs: 0,
  output: EMPTY,
  excerpt: "",
});

const PROOFS: readonly (readonly [readonly GateOutcome[], boolean])[] = [
  [[], false],
  [["passed"], true],
  [["passed", "pre_existing"], true],
  [["pre_existing"], false],
  [["passed", "failed"], false],
  [["passed", "inconclusive"], false],
];

for (const [outcomes, expected] of PROOFS) {
  test(`gates that are ${outcomes.join(" and ") || "absent"} ${expected ? "prove" : "do not prove"} a task`, () => {
    assert.equal(gatesProve(outcomes.map(judged)), expected);
  });
}

test("a gate is described in one line", () => {
  const spec = { name: "tests", command: "npm test" };
  assert.equal(
    describeGate(judgeGate({ spec, result: RED_AB, baseline: RED_A })),
    "tests: failed, 1 new failure, 1 old failure (1 passed, 2 failed), 4.2s",
  );
  assert.equal(
    describeGate(judgeGate({ spec, result: result("inconclusive"), baseline: undefined })),
    "tests: inconclusive (timeout), 4.2s",
  );
  assert.equal(
    describeGate(judgeGate({ spec, result: RED, baseline: RED })),
    "tests: red as on the base (proves nothing), 4.2s",
  );
});
