import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_GUARD_POLICY } from "@cloister/core";
import { isVacuous } from "./gate-vacuous.ts";
import { inspectChange } from "./index.ts";
import { isTestFile } from "./languages.ts";
import { describeTargets } from "./makefile.ts";
import { maskSource } from "./mask.ts";
import { createSourceText } from "./source-text.ts";

const TEST_FILES: Readonly<Record<string, boolean>> = {
  "src/sum.test.ts": true,
  "src/sum.spec.tsx": true,
  "src/__tests__/sum.js": true,
  "test/sum.js": true,
  "src/sum.ts": false,
  "src/latest/sum.ts": false,
  "src/__fixtures__/sum.test.ts": false,
  "tests/test_sum.py": true,
  "sum_test.py": true,
  "tests/conftest.py": false,
  "src/contest.py": false,
  "sum_test.go": true,
  "sum.go": false,
  "tests/outside.rs": true,
  "src/lib.rs": false,
  "src/test/java/SumTest.java": true,
  "SumTests.cs": true,
  "spec/sum_spec.rb": true,
  "SumTest.php": true,
  "test/sum.bats": true,
  "test/run.sh": false,
  "tests/data.json": false,
};

for (const [path, expected] of Object.entries(TEST_FILES)) {
  test(`${path} is ${expected ? "a" : "no"} file of tests`, () => assert.equal(isTestFile(path), expected));
}

const COMMANDS: Readonly<Record<string, boolean>> = {
  true: true,
  ":": true,
  "": true,
  "exit 0": true,
  "echo ok": true,
  "echo a && echo b": true,
  "npm test || true": true,
  "npm test; exit 0": true,
  "npm test": false,
  "echo start && npm test": false,
  "exit 1": false,
  "! grep -r TODO src": false,
};

for (const [command, expected] of Object.entries(COMMANDS)) {
  test(`\`${command}\` ${expected ? "can't" : "can"} fail`, () => assert.equal(isVacuous(command), expected));
}

test("comments and strings are blanked out where they stand", () => {
  const text = 'const a = "it.skip"; // it.only\nb(`x\n"`); /* c */ d';
  const { code, bare } = maskSource(text, "javascript");
  assert.equal(code, 'const a = "it.skip";           \nb(`x\n"`);         d');
  assert.equal(bare, 'const a = "       ";           \nb(` \n `);         d');
});

test("a stray quote ends with its line", () => {
  assert.equal(maskSource("don't\nx = 1 # y\n", "python").bare, "don't\nx = 1    \n");
});

const BLOCKS: readonly { path: string; text: string; expected: readonly string[] }[] = [
  {
    path: "a.test.js",
    text: 'it("a", () => {});\nxit(\n  "b",\n  () => {},\n);\n// it("c")\ntest.each([1])("d", () => {});\ntest(`e ${1}`, f);',
    expected: ["a", "b", "e ${1}"],
  },
  {
    path: "test_a.py",
    text: "class TestA:\n    @mark\n    def test_a(self):\n        pass\n\nasync def test_b():\n    pass\n\ndef helper():\n    pass\n",
    expected: ["TestA::test_a", "test_b"],
  },
  {
    path: "a.rs",
    text: "#[test]\nfn a() {}\n\nfn helper() {}\n\n#[tokio::test]\n#[ignore]\nasync fn b() {\n}\n",
    expected: ["a", "b"],
  },
  {
    path: "a_test.go",
    text: "func TestA(t *testing.T) {\n}\nfunc helper() {\n}\nfunc FuzzB(f *testing.F) {\n}\n",
    expected: ["TestA", "FuzzB"],
  },
  {
    path: "ATest.java",
    text: "class ATest {\n  @Test\n  @Disabled\n  void a() {\n  }\n  void helper() {\n  }\n}\n",
    expected: ["a"],
  },
  { path: "a.bats", text: '@test "a b" {\n  run true\n}\n', expected: ["a b"] },
];

for (const { path, text, expected } of BLOCKS) {
  test(`tests are found in ${path}`, () =>
    assert.deepEqual(
      createSourceText(path, text).tests.map(({ name }) => name),
      expected,
    ));
}

test("a make target is described with what it needs and uses", () => {
  const makefile =
    "A = 1\nB := 2\nall: test\ntest: build | dir\n\t./run $(A) \\\n\t  --more\nbuild:\n\tcc\nclean:\n\trm $(B)\n";
  assert.equal(describeTargets(makefile, new Set(["test"])), "./run $(A)  \t  --more\ncc\nA = 1");
});

const MEGABYTE = 1024 * 1024;
const HOSTILE: Readonly<Record<string, string>> = {
  "unclosed tests": 'it("a", '.repeat(MEGABYTE / 8),
  "blank lines": "\n".repeat(MEGABYTE),
  "one long line": "x".repeat(MEGABYTE),
  quotes: "'\"`".repeat(MEGABYTE / 3),
  brackets: "((((".repeat(MEGABYTE / 4),
  spaces: `it${" ".repeat(MEGABYTE)}`,
  "assertion words": "assert expect should ".repeat(MEGABYTE / 21),
  annotations: "@Test\n".repeat(MEGABYTE / 6),
  "key beginnings": "AKIA sk-ant- ghp_ ".repeat(MEGABYTE / 18),
};
const PATHS = [
  "a.test.ts",
  "test_a.py",
  "tests/a.rs",
  "a_test.go",
  "ATest.java",
  "package.json",
  "conftest.py",
  "Makefile",
  "tsconfig.json",
  "check.sh",
  ".eslintrc",
];

for (const [name, text] of Object.entries(HOSTILE)) {
  test(`a hostile change is read in time: ${name}`, { timeout: 30_000 }, async () => {
    const startedAt = performance.now();
    const change = {
      files: PATHS.map((path) => ({ path, status: "modified" as const })),
      before: (): Promise<string> => Promise.resolve(text.slice(0, MEGABYTE / 2)),
      after: (): Promise<string> => Promise.resolve(text),
    };
    const gates = [{ name: "all", command: "make test && npm test && sh check.sh && tsc && eslint ." }];
    await inspectChange(change, { gates, protect: ["**/*"], policy: DEFAULT_GUARD_POLICY });
    assert.ok(performance.now() - startedAt < 20_000, `took ${performance.now() - startedAt} ms`);
  });
}
