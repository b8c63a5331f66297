import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TestResults } from "@cloister/core";
import { readTestResults } from "./index.ts";

const folder = join(import.meta.dirname, "__fixtures__");

function read(name: string): TestResults | undefined {
  return readTestResults(readFileSync(join(folder, `${name}.txt`), "utf8"));
}

/** Recorded output: runner, passed, failed, skipped, and whether only failures are named. Undefined: not a test runner's. */
const TOTALS: Readonly<Record<string, [string, number, number, number, "all" | "partial"] | undefined>> = {
  "cargo-broken": undefined,
  "cargo-quiet": ["cargo", 4, 1, 1, "partial"],
  "cargo-test": ["cargo", 4, 1, 1, "all"],
  "cargo-zero": ["cargo", 0, 0, 0, "all"],
  "go-default": ["go-packages", 0, 2, 0, "partial"],
  "go-green": ["go-packages", 1, 0, 0, "partial"],
  "go-json": ["go", 2, 3, 1, "all"],
  "go-run-nothing": ["go-packages", 0, 0, 0, "partial"],
  "go-verbose": ["go", 2, 3, 1, "all"],
  "go-zero": ["go-packages", 0, 0, 0, "partial"],
  "jest-all-skipped": ["jest", 0, 0, 1, "partial"],
  "jest-broken": ["jest", 0, 1, 0, "all"],
  "jest-default": ["jest", 3, 1, 2, "partial"],
  "jest-json": ["jest-json", 3, 1, 2, "all"],
  "jest-pass-with-no-tests": ["jest", 0, 0, 0, "all"],
  "jest-verbose": ["jest", 3, 1, 2, "all"],
  "jest-zero": ["jest", 0, 0, 0, "all"],
  "mocha-dot": ["mocha", 2, 1, 1, "partial"],
  "mocha-spec": ["mocha", 2, 1, 1, "all"],
  "mocha-zero": ["mocha", 0, 0, 0, "all"],
  "node-junit": ["junit", 3, 1, 2, "all"],
  "node-spec": ["node-spec", 3, 1, 2, "all"],
  "node-spec-all-skipped": ["node-spec", 0, 0, 1, "all"],
  "node-spec-file-crash": ["node-spec", 0, 1, 0, "all"],
  "node-spec-zero": ["node-spec", 0, 0, 0, "all"],
  "node-tap": ["tap", 3, 1, 2, "all"],
  "node-tap-zero": ["tap", 0, 0, 0, "all"],
  "npm-no-test": ["npm", 0, 0, 0, "all"],
  "pytest-all-skipped": ["pytest", 0, 0, 1, "partial"],
  "pytest-collection-error": ["pytest", 0, 1, 0, "all"],
  "pytest-default": ["pytest", 3, 2, 2, "partial"],
  "pytest-junit": ["junit", 3, 2, 2, "all"],
  "pytest-none": ["pytest", 0, 0, 0, "all"],
  "pytest-quiet": ["pytest", 3, 2, 2, "partial"],
  "pytest-report-all": ["pytest", 3, 2, 2, "partial"],
  "pytest-verbose": ["pytest", 3, 2, 2, "all"],
  "pytest-zero": ["pytest", 0, 0, 0, "all"],
  "vitest-all-skipped": ["vitest", 0, 0, 1, "partial"],
  "vitest-default": ["vitest", 3, 1, 2, "partial"],
  "vitest-green": ["vitest", 1, 0, 0, "partial"],
  "vitest-json": ["jest-json", 3, 1, 2, "all"],
  "vitest-junit": ["junit", 3, 1, 2, "all"],
  "vitest-pass-with-no-tests": ["vitest", 0, 0, 0, "all"],
  "vitest-tap": ["tap", 3, 1, 2, "all"],
  "vitest-verbose": ["vitest", 3, 1, 2, "all"],
  "vitest-zero": ["vitest", 0, 0, 0, "all"],
};

test("every recording is in the table of totals", () => {
  const names = readdirSync(folder).filter((name) => name.endsWith(".txt"));
  assert.deepEqual(names.map((name) => name.replace(".txt", "")).sort(), Object.keys(TOTALS).sort());
});

for (const [name, expected] of Object.entries(TOTALS)) {
  test(`the totals of ${name} are read from the runner's own output`, () => {
    const found = read(name);
    const seen =
      found === undefined
        ? undefined
        : [found.runner, found.passed, found.failed, found.skipped, found.partial === true ? "partial" : "all"];
    assert.deepEqual(seen, expected);
  });
}

/** Recorded output: the tests that it names as failed. */
const FAILURES: Readonly<Record<string, readonly string[]>> = {
  "cargo-test": ["sample::tests::adds_wrongly"],
  "cargo-quiet": ["tests::adds_wrongly"],
  "go-default": [
    "example.com/sample/broken [build failed]",
    "example.com/sample/sum.TestAddsWrongly",
    "example.com/sample/sum.TestTable/two",
  ],
  "go-verbose": [
    "example.com/sample/broken [build failed]",
    "example.com/sample/sum.TestAddsWrongly",
    "example.com/sample/sum.TestTable/two",
  ],
  "jest-broken": ["broken.test.js > Test suite failed to run"],
  "jest-default": ["sum.test.js > sum > adds three numbers"],
  "jest-verbose": ["sum.test.js > sum > adds three numbers"],
  "jest-json": ["/project/jest/sum.test.js > sum > adds three numbers"],
  "mocha-spec": ["sum > adds three numbers"],
  "node-spec": ["sum > adds # and \\ in names"],
  "node-tap": ["sum > adds # and \\ in names"],
  "node-junit": ["sum > adds # and \\ in names"],
  "node-spec-file-crash": ["crash.test.js"],
  "pytest-collection-error": ["test_broken.py"],
  "pytest-default": ["test_sum.py::test_adds_wrongly", "test_sum.py::test_error"],
  "pytest-quiet": ["test_sum.py::test_adds_wrongly", "test_sum.py::test_error"],
  "pytest-verbose": ["test_sum.py::test_adds_wrongly", "test_sum.py::test_error"],
  "pytest-junit": ["test_sum > test_adds_wrongly", "test_sum > test_error"],
  "vitest-default": ["sum.test.js > sum > adds three numbers"],
  "vitest-verbose": ["sum.test.js > sum > adds three numbers"],
  "vitest-tap": ["sum.test.js > sum > adds three numbers"],
};

for (const [name, expected] of Object.entries(FAILURES)) {
  test(`the failures of ${name} are named`, () => {
    const cases = Object.entries(read(name)?.cases ?? {});
    const failed = cases.filter(([, status]) => status === "failed").map(([test]) => test);
    assert.deepEqual(failed.sort(), [...expected].sort());
  });
}

test("verbose output names every test with its status", () => {
  assert.deepEqual(read("node-spec")?.cases, {
    "sum > adds two numbers": "passed",
    "sum > adds # and \\ in names": "failed",
    "sum > is skipped": "skipped",
    "sum > nested > goes deep": "passed",
    "stands alone": "passed",
    "is to do": "skipped",
  });
  assert.deepEqual(read("node-tap")?.cases, read("node-spec")?.cases);
  assert.deepEqual(read("go-verbose")?.cases, read("go-json")?.cases);
});

/** Text that no runner here prints, or that is not installed where the recordings were made. */
const WRITTEN: readonly {
  name: string;
  output: string;
  expected: readonly [string, number, number, number] | undefined;
}[] = [
  { name: "a compiler's output", output: "src/a.ts(1,2): error TS2304: Cannot find name 'x'.\n", expected: undefined },
  { name: "an empty output", output: "", expected: undefined },
  { name: "prose about tests", output: "3 tests passed, 1 failed, ok 1\n", expected: undefined },
  {
    name: "unittest, green",
    output: "..s\n---\nRan 3 tests in 0.001s\n\nOK (skipped=1)\n",
    expected: ["unittest", 2, 0, 1],
  },
  {
    name: "unittest, red",
    output: "FAIL: test_a (tests.T.test_a)\nRan 2 tests in 0.001s\n\nFAILED (failures=1, errors=1)\n",
    expected: ["unittest", 0, 2, 0],
  },
  { name: "PHPUnit", output: "Tests: 5, Assertions: 9, Failures: 1, Skipped: 1.\n", expected: ["phpunit", 3, 1, 1] },
  { name: "RSpec", output: "5 examples, 1 failure, 1 pending\n", expected: ["rspec", 3, 1, 1] },
  { name: "bun", output: " 3 pass\n 1 fail\nRan 4 tests across 1 file.\n", expected: ["bun", 3, 1, 0] },
  { name: "Maven", output: "Tests run: 4, Failures: 1, Errors: 1, Skipped: 1\n", expected: ["maven", 1, 2, 1] },
  { name: "coloured TAP", output: "TAP version 13\n\u001b[32mok 1 - a\u001b[0m\n1..1\n", expected: ["tap", 1, 0, 0] },
  { name: "a failing TODO in TAP", output: "1..1\nnot ok 1 - a # TODO later\n", expected: ["tap", 0, 0, 1] },
  {
    name: "a parent that fails by itself in TAP",
    output: "TAP version 13\n# Subtest: p\n    # Subtest: c\n    ok 1 - c\n    1..1\nnot ok 1 - p\n1..1\n",
    expected: ["tap", 1, 1, 0],
  },
  {
    name: "two runners in one output",
    output: "TAP version 13\nok 1 - a\n1..1\n== 2 passed, 1 failed in 0.10s ==\n",
    expected: ["tap+pytest", 3, 1, 0],
  },
];

for (const { name, output, expected } of WRITTEN) {
  test(`${name} is read as ${expected?.join(" ") ?? "no test runner's"}`, () => {
    const found = readTestResults(output);
    assert.deepEqual(
      found === undefined ? undefined : [found.runner, found.passed, found.failed, found.skipped],
      expected,
    );
  });
}

test("tests of the same name are told apart by number", () => {
  assert.deepEqual(readTestResults("TAP version 13\nok 1 - a\nnot ok 2 - a\n1..2\n")?.cases, {
    a: "passed",
    "a (2)": "failed",
  });
});

test("a test called like a property of every object is a test", () => {
  const cases = readTestResults("TAP version 13\nok 1 - __proto__\nok 2 - constructor\n1..2\n")?.cases ?? {};
  assert.deepEqual(Object.keys(cases), ["__proto__", "constructor"]);
});

const MEGABYTES = 4 * 1024 * 1024;
const HOSTILE: Readonly<Record<string, string>> = {
  "one long line": "ok 1 - ".padEnd(MEGABYTES, "x"),
  "escape sequences": "\u001b[".repeat(MEGABYTES / 2),
  "half-open brackets": "Running ((((////----".repeat(MEGABYTES / 20),
  "summary lines that never end": "1 passed, ".repeat(MEGABYTES / 10),
  "deep XML": "<testsuite>".repeat(MEGABYTES / 11),
  "XML that never closes": '<testsuites><testcase name="'.padEnd(MEGABYTES, "a&lt;"),
  "deep TAP": Array.from({ length: 2000 }, (_, depth) => `${" ".repeat(depth)}# Subtest: a`).join("\n"),
  "many pytest names": "a.py::".repeat(300).concat("\n").repeat(2000),
  "many spaces": " ".repeat(1999).concat("\n").repeat(2000),
  "many marks": ` ✓ a.js > ${" 1ms".repeat(400)}x\n`.repeat(2000),
};

for (const [name, output] of Object.entries(HOSTILE)) {
  test(`hostile output is read in time: ${name}`, { timeout: 20_000 }, () => {
    const startedAt = performance.now();
    readTestResults(output);
    readTestResults(`TAP version 13\n${output}`);
    assert.ok(performance.now() - startedAt < 10_000, `took ${performance.now() - startedAt} ms`);
  });
}
