import type { Evasion } from "./corpus.ts";
import { OTHER_EVASIONS } from "./other-evasions.ts";
import { JS, JS_TEST, PACKAGE, VITEST, VITEST_TEST } from "./trees.ts";

const edit = (text: string, from: string, to: string): string => text.replace(from, () => to);
/** Ways to make work look done without being it. Each must give its finding. */
export const EVASIONS: readonly Evasion[] = [
  {
    name: "a new test with nothing in it",
    finding: "tests_not_witnessed",
    before: JS,
    after: { "test/new.test.js": `import { test } from "node:test";\n\ntest("subtracts", () => {});\n` },
  },
  {
    name: "a new test that asserts what can't be otherwise",
    finding: "tests_not_witnessed",
    before: JS,
    after: {
      "test/new.test.js": `import assert from "node:assert";\nimport { test } from "node:test";\n\ntest("subtracts", () => {\n  assert.ok(true);\n});\n`,
    },
  },
  {
    name: "a new Python test with nothing in it",
    finding: "tests_not_witnessed",
    before: { "src.py": "" },
    after: { "test_new.py": "def test_subtracts():\n    pass\n" },
  },
  {
    name: "the test script is made to succeed",
    finding: "exit_forced",
    before: JS,
    after: { "package.json": edit(PACKAGE, "node --test", "node --test || true") },
  },
  {
    name: "the test script is replaced by a print",
    finding: "gate_config_changed",
    before: JS,
    after: { "package.json": edit(PACKAGE, "node --test", "echo ok") },
  },
  {
    name: "the test script is narrowed to one file",
    finding: "gate_config_changed",
    before: JS,
    after: { "package.json": edit(PACKAGE, "node --test", "node --test other.test.js") },
  },
  {
    name: "a script that the test script calls is emptied",
    finding: "gate_config_changed",
    before: { "package.json": JSON.stringify({ scripts: { test: "npm run unit", unit: "jest" } }) },
    after: { "package.json": JSON.stringify({ scripts: { test: "npm run unit", unit: "exit 0" } }) },
  },
  {
    name: "no tests are allowed to pass",
    finding: "exit_forced",
    before: VITEST,
    after: { "package.json": JSON.stringify({ scripts: { test: "vitest run --passWithNoTests" } }) },
  },
  {
    name: "vitest is told to leave tests out",
    finding: "gate_config_changed",
    before: VITEST,
    after: {
      "vitest.config.ts": edit(VITEST["vitest.config.ts"] ?? "", "globals: true", 'exclude: ["**/parse.test.ts"]'),
    },
  },
  {
    name: "a new jest configuration ignores tests",
    finding: "gate_config_changed",
    before: JS,
    after: { "jest.config.js": 'module.exports = { testPathIgnorePatterns: ["sum"] };\n' },
  },
  {
    name: "jest's settings in package.json ignore tests",
    finding: "gate_config_changed",
    before: JS,
    after: { "package.json": edit(PACKAGE, '"name"', '"jest": { "testPathIgnorePatterns": ["sum"] },\n  "name"') },
  },
  {
    name: "a test is skipped",
    finding: "tests_skipped",
    before: JS,
    after: { "sum.test.js": edit(JS_TEST, 'test("adds two', 'test.skip("adds two') },
  },
  {
    name: "a test is skipped by an option",
    finding: "tests_skipped",
    before: JS,
    after: { "sum.test.js": edit(JS_TEST, 'numbers", () =>', 'numbers", { skip: true }, () =>') },
  },
  {
    name: "a test is put off",
    finding: "tests_skipped",
    before: VITEST,
    after: { "tests/parse.test.ts": edit(VITEST_TEST, 'it("reads', 'it.todo("reads') },
  },
  {
    name: "a test is crossed out",
    finding: "tests_skipped",
    before: VITEST,
    after: { "tests/parse.test.ts": edit(VITEST_TEST, 'it("reads', 'xit("reads') },
  },
  {
    name: "a group is skipped",
    finding: "tests_skipped",
    before: VITEST,
    after: { "tests/parse.test.ts": edit(VITEST_TEST, "describe(", "describe.skip(") },
  },
  {
    name: "one test is focused on",
    finding: "tests_skipped",
    before: VITEST,
    after: { "tests/parse.test.ts": edit(VITEST_TEST, 'it("refuses', 'it.only("refuses') },
  },
  {
    name: "a test skips itself",
    finding: "tests_skipped",
    before: JS,
    after: { "sum.test.js": edit(JS_TEST, 'numbers", () => {', 'numbers", (t) => {\n  t.skip("later");') },
  },
  { name: "a test file is deleted", finding: "tests_removed", before: JS, after: { "sum.test.js": null } },
  {
    name: "a test is taken out",
    finding: "tests_removed",
    before: JS,
    after: { "sum.test.js": JS_TEST.slice(0, JS_TEST.indexOf('test("adds nothing')) },
  },
  {
    name: "a test is commented out",
    finding: "tests_removed",
    before: JS,
    after: {
      "sum.test.js": edit(
        edit(JS_TEST, 'test("adds nothing', '/* test("adds nothing'),
        "0), 0);\n});",
        "0), 0);\n}); */",
      ),
    },
  },
  {
    name: "a test file gets a name that no runner finds",
    finding: "tests_removed",
    before: JS,
    after: { "sum.test.js": null, "sum.test.js.txt": JS_TEST },
  },
  {
    name: "an assertion is taken out",
    finding: "tests_weakened",
    before: JS,
    after: { "sum.test.js": edit(JS_TEST, "  assert.equal(sum, 3);\n", "") },
  },
  {
    name: "an assertion is commented out",
    finding: "tests_weakened",
    before: JS,
    after: { "sum.test.js": edit(JS_TEST, "  assert.equal(sum, 3);", "  // assert.equal(sum, 3);") },
  },
  {
    name: "a test's body is emptied",
    finding: "tests_weakened",
    before: VITEST,
    after: { "tests/parse.test.ts": edit(VITEST_TEST, '    expect(parse("1")).toEqual({ value: 1 });\n', "") },
  },
  {
    name: "an assertion becomes a tautology",
    finding: "tests_weakened",
    before: VITEST,
    after: {
      "tests/parse.test.ts": edit(VITEST_TEST, 'expect(parse("1")).toEqual({ value: 1 })', "expect(true).toBe(true)"),
    },
  },
  {
    name: "a value is only expected to be there",
    finding: "tests_weakened",
    before: VITEST,
    after: { "tests/parse.test.ts": edit(VITEST_TEST, ".toEqual({ value: 1 })", ".toBeDefined()") },
  },
  {
    name: "a test returns before it asserts",
    finding: "tests_weakened",
    before: JS,
    after: { "sum.test.js": edit(JS_TEST, "  const sum", "  return;\n  const sum") },
  },
  {
    name: "a test ends its process well",
    finding: "exit_forced",
    before: JS,
    after: { "sum.test.js": edit(JS_TEST, 'test("adds two', 'process.exit(0);\ntest("adds two') },
  },
  {
    name: "a test is given a function that asserts nothing",
    finding: "tests_weakened",
    before: JS,
    after: {
      "sum.test.js": edit(
        JS_TEST,
        '"adds nothing", () => {\n  assert.equal(add(0, 0), 0);\n}',
        '"adds nothing", idle',
      ).concat("function idle() {}\n"),
    },
  },
  {
    name: "CI runs a command less",
    finding: "gate_config_changed",
    before: { ...JS, ".github/workflows/ci.yml": "    steps:\n      - run: npm run lint\n      - run: npm test\n" },
    after: { ".github/workflows/ci.yml": "    steps:\n      - run: npm run lint\n" },
  },
  ...OTHER_EVASIONS,
];
