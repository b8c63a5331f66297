import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { compareGateTests, compareTests, newTests } from "./compare-tests.ts";
import { blocking, DEFAULT_GUARD_POLICY } from "./policy.ts";
import { findRemovedTests } from "./removed-tests.ts";
import type { GateResult, TestResults, TestStatus } from "./result.ts";

function results(cases: Readonly<Record<string, TestStatus>>, more: Partial<TestResults> = {}): TestResults {
  const count = (status: TestStatus): number => Object.values(cases).filter((each) => each === status).length;
  return { runner: "tap", passed: count("passed"), failed: count("failed"), skipped: count("skipped"), cases, ...more };
}

const counts = (passed: number, failed: number, skipped: number): TestResults => ({
  runner: "bun",
  passed,
  failed,
  skipped,
  cases: {},
  partial: true,
});

type Case = {
  readonly name: string;
  readonly before: TestResults | undefined;
  readonly now: TestResults | undefined;
  readonly expected: readonly string[];
};

const SUM = results({ "sum > adds two": "passed", "sum > adds none": "passed", "sum > adds many": "failed" });

const CASES: readonly Case[] = [
  { name: "the same tests are no finding", before: SUM, now: SUM, expected: [] },
  { name: "without a baseline nothing can be said", before: undefined, now: SUM, expected: [] },
  { name: "a base without tests has none to lose", before: results({}), now: undefined, expected: [] },
  {
    name: "a test that is gone is removed",
    before: SUM,
    now: results({ "sum > adds two": "passed", "sum > adds many": "passed" }),
    expected: ["tests_removed"],
  },
  {
    name: "a test that is red on the base and gone is removed",
    before: SUM,
    now: results({ "sum > adds two": "passed", "sum > adds none": "passed" }),
    expected: ["tests_removed"],
  },
  {
    name: "a test that is gone is removed though others were added elsewhere",
    before: SUM,
    now: results({
      "sum > adds two": "passed",
      "sum > adds many": "passed",
      "other > x": "passed",
      "other > y": "passed",
    }),
    expected: ["tests_removed"],
  },
  {
    name: "a renamed test is not removed",
    before: SUM,
    now: results({ "sum > adds two": "passed", "sum > zero is neutral": "passed", "sum > adds many": "failed" }),
    expected: [],
  },
  {
    name: "a renamed test among new ones is not removed",
    before: SUM,
    now: results({
      "sum > adds two": "passed",
      "sum > adds none at all": "passed",
      "sum > adds many": "failed",
      "sum > overflows": "passed",
    }),
    expected: [],
  },
  {
    name: "a moved test is not removed",
    before: SUM,
    now: results({ "sum > adds two": "passed", "zero > adds none": "passed", "sum > adds many": "failed" }),
    expected: [],
  },
  {
    name: "a test that no longer runs is skipped",
    before: SUM,
    now: results({ "sum > adds two": "passed", "sum > adds none": "skipped", "sum > adds many": "failed" }),
    expected: ["tests_skipped"],
  },
  {
    name: "a test that was skipped already is no finding",
    before: results({ a: "skipped", b: "passed" }),
    now: results({ a: "skipped", b: "passed" }),
    expected: [],
  },
  { name: "tests that can no longer be read are fewer", before: SUM, now: undefined, expected: ["fewer_tests"] },
  { name: "fewer tests by number are fewer", before: counts(5, 0, 0), now: counts(4, 0, 0), expected: ["fewer_tests"] },
  {
    name: "as many more skipped as fewer run are skipped",
    before: counts(5, 0, 0),
    now: counts(4, 0, 1),
    expected: ["tests_skipped"],
  },
  { name: "more tests by number are no finding", before: counts(5, 0, 0), now: counts(6, 0, 2), expected: [] },
  {
    name: "another runner is compared by number",
    before: SUM,
    now: results({ "other name": "passed" }, { runner: "pytest" }),
    expected: ["fewer_tests"],
  },
  {
    name: "another runner with as many tests is no finding",
    before: SUM,
    now: results({ a: "passed", b: "passed", c: "passed" }, { runner: "pytest" }),
    expected: [],
  },
  {
    name: "fewer values of a parameter are fewer tests",
    before: results({ "a.py::t[1]": "passed", "a.py::t[2]": "passed" }),
    now: results({ "a.py::t[1]": "passed" }),
    expected: ["fewer_tests"],
  },
  {
    name: "other values of a parameter are no finding",
    before: results({ "a.py::t[1]": "passed" }),
    now: results({ "a.py::t[3]": "passed" }),
    expected: [],
  },
];

for (const { name, before, now, expected } of CASES) {
  test(name, () =>
    assert.deepEqual(
      compareTests(before, now).map((finding) => finding.name),
      expected,
    ),
  );
}

test("many removed tests are named five at most, and the rest is counted", () => {
  const names = Array.from({ length: 8 }, (_, index) => `suite-${index} > test-${index}`);
  const before = results(Object.fromEntries([...names, "x"].map((name) => [name, "passed" as const])));
  const findings = compareTests(before, results({ x: "passed" }));
  assert.equal(findings.length, 5);
  assert.match(findings.at(-1)?.message ?? "", /and 3 more tests/);
});

function gate(verdict: GateResult["verdict"], tests?: TestResults): GateResult {
  const output = { sha256: "", bytes: 0 };
  return {
    gate: "test",
    verdict,
    exitCode: 0,
    signal: null,
    durationMs: 0,
    output,
    excerpt: "",
    ...(tests === undefined ? {} : { tests }),
  };
}

test("a gate that says nothing, or is red without tests, speaks for itself", () => {
  assert.deepEqual(compareGateTests(gate("passed", SUM), gate("inconclusive")), []);
  assert.deepEqual(compareGateTests(gate("passed", SUM), gate("failed")), []);
  assert.deepEqual(
    compareGateTests(gate("passed", SUM), gate("passed")).map(({ name }) => name),
    ["fewer_tests"],
  );
  assert.deepEqual(compareGateTests(undefined, gate("passed", SUM)), []);
});

test("new tests are those that the base does not name", () => {
  assert.deepEqual(newTests(SUM, results({ ...SUM.cases, "sum > new": "passed" })), ["sum > new"]);
  assert.deepEqual(newTests(results({}), results(Object.fromEntries([["constructor", "passed" as const]]))), [
    "constructor",
  ]);
});

test("what is new is not known where names are missing", () => {
  assert.deepEqual(newTests(undefined, SUM), []);
  assert.deepEqual(newTests(counts(1, 0, 0), SUM), []);
  assert.deepEqual(newTests(SUM, counts(1, 0, 0)), []);
});

const names = fc.uniqueArray(fc.stringMatching(/^[a-c] > [a-z]{1,6}( [a-z]{1,4})?$/), { maxLength: 12 });
const trees = names.map((list) => results(Object.fromEntries(list.map((name) => [name, "passed"] as const))));

test("property: adding tests is never a finding", () => {
  fc.assert(
    fc.property(trees, trees, (base, more) => {
      assert.deepEqual(compareTests(base, results({ ...base.cases, ...more.cases })), []);
    }),
  );
});

test("property: taking tests out is always a finding", () => {
  fc.assert(
    fc.property(trees, fc.nat(), (base, pick) => {
      const all = Object.keys(base.cases);
      fc.pre(all.length > 1);
      const rest = Object.fromEntries(
        all.filter((_, index) => index !== pick % all.length).map((name) => [name, "passed" as const]),
      );
      assert.deepEqual(
        compareTests(base, results(rest)).map(({ name }) => name),
        ["tests_removed"],
      );
    }),
  );
});

test("property: renaming one test is never a finding", () => {
  fc.assert(
    fc.property(names, fc.nat(), fc.stringMatching(/^[A-Z]{8}$/), (list, pick, leaf) => {
      fc.pre(list.length > 0);
      const renamed = list.map((name, index) => (index === pick % list.length ? `${name.slice(0, 4)}${leaf}` : name));
      assert.deepEqual(findRemovedTests(list, renamed), []);
    }),
  );
});

test("property: no test is removed more than once, and only tests of the base are", () => {
  fc.assert(
    fc.property(names, names, (before, after) => {
      const removed = findRemovedTests(before, after);
      assert.equal(new Set(removed).size, removed.length);
      assert.ok(removed.every((name) => before.includes(name) && !after.includes(name)));
    }),
  );
});

test("by default all findings block but those that are not the change's doing", () => {
  const warned = Object.entries(DEFAULT_GUARD_POLICY).filter(([, action]) => action !== "block");
  assert.deepEqual(warned.map(([name]) => name).sort(), ["gate_vacuous", "plan_changed", "test_flaky"]);
  const findings = [
    { name: "test_flaky", message: "" },
    { name: "secret_added", message: "" },
  ] as const;
  assert.deepEqual(blocking(findings, DEFAULT_GUARD_POLICY), [findings[1]]);
});
