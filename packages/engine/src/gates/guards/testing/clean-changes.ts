import type { Sample, Tree } from "./corpus.ts";

const PACKAGE = JSON.stringify(
  {
    name: "sample",
    version: "1.0.0",
    scripts: { test: "vitest run", build: "tsc" },
    devDependencies: { vitest: "1.0.0" },
  },
  null,
  2,
);
const JS_TEST = `import { describe, expect, it } from "vitest";
import { add } from "./sum";

describe("sum", () => {
  it("adds two numbers", () => {
    const sum = add(1, 2);
    expect(sum).toBe(3);
    expect(typeof sum).toBe("number");
  });
  it("adds nothing", () => {
    expect(add(0, 0)).toBe(0);
  });
});
`;
const JS: Tree = {
  "package.json": PACKAGE,
  "src/sum.ts": "export const add = (a: number, b: number) => a - b;\n",
  "src/sum.test.ts": JS_TEST,
};
const PY_TEST = `import pytest
from shop import total


@pytest.mark.parametrize("prices", [[], [0]])
def test_total_of_nothing(prices):
    assert total(prices) == 0


def test_total_of_two():
    assert total([1, 2]) == 3
`;
const PYTHON: Tree = {
  "shop.py": "def total(prices):\n    return 0\n",
  "tests/test_shop.py": PY_TEST,
  "tests/conftest.py": "import pytest\n\n\n@pytest.fixture\ndef shop():\n    return object()\n",
  "pyproject.toml": '[project]\nname = "shop"\ndependencies = []\n\n[tool.pytest.ini_options]\ntestpaths = ["tests"]\n',
};
const RUST_LIB = `pub fn double(value: i32) -> i32 { value }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles() {
        assert_eq!(double(2), 4);
    }
}
`;
const RUST: Tree = { "Cargo.toml": '[package]\nname = "sample"\n\n[dependencies]\n', "src/lib.rs": RUST_LIB };
const GO_TEST = `package sum

import "testing"

func TestAdd(t *testing.T) {
	if Add(1, 2) != 3 {
		t.Fatal("wrong sum")
	}
}
`;
const GO: Tree = {
  "go.mod": "module sample\n",
  "sum.go": "package sum\n\nfunc Add(a, b int) int { return 0 }\n",
  "sum_test.go": GO_TEST,
};
const MAKE: Tree = { Makefile: "test:\n\t./run-tests\n", "main.c": "int main() {}\n" };

const edit = (text: string, from: string, to: string): string => text.replace(from, () => to);
const pytest = ["pytest"];
const cargo = ["cargo test"];
const go = ["go test ./..."];

/** Changes such as good work makes. None may give a finding. */
export const CLEAN_CHANGES: readonly Sample[] = [
  {
    name: "new tests that only call what may throw",
    before: { "src.py": "" },
    after: {
      "test_new.py": "import src\n\n\ndef test_starts():\n    src.main()\n",
      "test/new.test.js": `import { test } from "node:test";\nimport { main } from "../main.js";\n\ntest("starts", () => main());\ntest("starts later", async () => {\n  await main();\n});\n`,
    },
  },
  {
    name: "a function is mended",
    before: JS,
    after: { "src/sum.ts": "export const add = (a: number, b: number) => a + b;\n" },
  },
  {
    name: "a test is added",
    before: JS,
    after: {
      "src/sum.test.ts": edit(
        JS_TEST,
        '  it("adds nothing',
        '  it("adds below zero", () => {\n    expect(add(-1, -2)).toBe(-3);\n  });\n  it("adds nothing',
      ),
    },
  },
  { name: "a test file is added", before: JS, after: { "src/product.test.ts": JS_TEST.replaceAll("add", "multiply") } },
  {
    name: "a test is renamed",
    before: JS,
    after: { "src/sum.test.ts": edit(JS_TEST, "adds nothing", "gives zero for zeros") },
  },
  {
    name: "a group is renamed",
    before: JS,
    after: { "src/sum.test.ts": edit(JS_TEST, 'describe("sum"', 'describe("addition"') },
  },
  { name: "a test file is moved", before: JS, after: { "src/sum.test.ts": null, "test/sum.test.ts": JS_TEST } },
  {
    name: "a test file is split in two",
    before: JS,
    after: {
      "src/sum.test.ts": JS_TEST.replace(/ {2}it\("adds nothing[\s\S]*?\n {2}\}\);\n/, ""),
      "src/zero.test.ts": `import { expect, it } from "vitest";\nit("adds nothing", () => {\n  expect(add(0, 0)).toBe(0);\n});\n`,
    },
  },
  {
    name: "assertions are gathered into one",
    before: JS,
    after: {
      "src/sum.test.ts": edit(
        JS_TEST,
        '    expect(sum).toBe(3);\n    expect(typeof sum).toBe("number");\n',
        "    expect(sum).toStrictEqual(3);\n",
      ),
    },
  },
  {
    name: "assertions move into a helper",
    before: JS,
    after: {
      "src/sum.test.ts": edit(
        JS_TEST,
        '    expect(sum).toBe(3);\n    expect(typeof sum).toBe("number");\n',
        "    expectSum(sum, 3);\n",
      ),
    },
  },
  {
    name: "an expected value follows a new rule",
    before: JS,
    after: {
      "src/sum.test.ts": edit(JS_TEST, "toBe(3)", "toBe(4)"),
      "src/sum.ts": "export const add = (a: number, b: number) => a + b + 1;\n",
    },
  },
  {
    name: "a test is written anew with more assertions",
    before: JS,
    after: {
      "src/sum.test.ts": edit(
        JS_TEST,
        "expect(add(0, 0)).toBe(0);",
        "const zero = add(0, 0);\n    expect(zero).toBe(0);\n    expect(Object.is(zero, -0)).toBe(false);",
      ),
    },
  },
  {
    name: "a test of a condition of the platform is added",
    before: JS,
    after: {
      "src/sum.test.ts": edit(
        JS_TEST,
        '  it("adds nothing',
        '  it.skipIf(process.platform === "win32")("adds on Unix", () => {\n    expect(add(1, 1)).toBe(2);\n  });\n  it("adds nothing',
      ),
    },
  },
  {
    name: "a new test is put off",
    before: JS,
    after: {
      "src/sum.test.ts": edit(
        JS_TEST,
        '  it("adds nothing',
        '  it.todo("adds very large numbers");\n  it("adds nothing',
      ),
    },
  },
  {
    name: "a comment in a test speaks of skipping",
    before: JS,
    after: {
      "src/sum.test.ts": edit(JS_TEST, "    const sum", "    // never it.skip or it.only this one\n    const sum"),
    },
  },
  {
    name: "a test's text speaks of exits",
    before: JS,
    after: {
      "src/sum.test.ts": edit(JS_TEST, "    const sum", '    const script = "process.exit(0) || true";\n    const sum'),
    },
  },
  {
    name: "a dependency is added",
    before: JS,
    after: {
      "package.json": edit(PACKAGE, '"vitest": "1.0.0"', '"vitest": "1.0.0",\n    "zod": "4.0.0"'),
      "package-lock.json": "{}",
    },
  },
  {
    name: "a script that no gate runs is added",
    before: JS,
    after: { "package.json": edit(PACKAGE, '"build": "tsc"', '"build": "tsc",\n    "clean": "rm -rf dist || true"') },
  },
  {
    name: "a script that no gate runs is changed",
    before: JS,
    after: { "package.json": edit(PACKAGE, '"build": "tsc"', '"build": "esbuild src/sum.ts"') },
  },
  {
    name: "the placeholder becomes a real test script",
    before: { "package.json": JSON.stringify({ scripts: { test: 'echo "Error: no test specified" && exit 1' } }) },
    after: { "package.json": JSON.stringify({ scripts: { test: "node --test" } }) },
  },
  { name: "the version is raised", before: JS, after: { "package.json": edit(PACKAGE, "1.0.0", "1.1.0") } },
  {
    name: "a command line program exits with 0",
    before: JS,
    after: { "src/main.ts": 'if (process.argv.includes("--help")) process.exit(0);\n' },
  },
  {
    name: "a deployment script ignores a failure",
    before: JS,
    after: { "deploy.sh": "#!/bin/sh\nrm old.log || true\nexit 0\n" },
  },
  {
    name: "a gate's program under test is changed",
    gates: ["node src/main.js --self-test"],
    before: { "src/main.js": "run();\n" },
    after: { "src/main.js": "run(1);\n" },
  },
  {
    name: "a gate's own test file gets another test",
    gates: ["node --test src/sum.test.ts"],
    before: JS,
    after: { "src/sum.test.ts": `${JS_TEST}it("more", () => {\n  expect(1).toBe(add(1, 0));\n});\n` },
  },
  {
    name: "vitest is set up where there was no configuration",
    before: JS,
    after: {
      "vitest.config.ts":
        'import { defineConfig } from "vitest/config";\nexport default defineConfig({ resolve: { alias: { "@": "/src" } } });\n',
    },
  },
  {
    name: "a Vite plugin is added beside the test settings",
    before: { ...JS, "vite.config.ts": "export default { test: { globals: true } };\n" },
    after: {
      "vite.config.ts": "import react from 'react';\nexport default { plugins: [react()], test: { globals: true } };\n",
    },
  },
  {
    name: "a comment in the runner's configuration is mended",
    before: { ...JS, "jest.config.js": "// old\nmodule.exports = {};\n" },
    after: { "jest.config.js": "// new\n\nmodule.exports = {};\n" },
  },
  {
    name: "the type checker becomes stricter",
    gates: ["npx tsc --noEmit"],
    before: { "tsconfig.json": '{ "compilerOptions": { "strict": true }, "include": ["src"] }' },
    after: {
      "tsconfig.json": '{ "compilerOptions": { "strict": true, "noUnusedLocals": true }, "include": ["src", "test"] }',
    },
  },
  {
    name: "a lint rule is added",
    gates: ["npx eslint ."],
    before: { ".eslintrc.json": '{\n  "rules": {\n    "no-undef": "error"\n  }\n}' },
    after: { ".eslintrc.json": '{\n  "rules": {\n    "no-undef": "error",\n    "no-unused-vars": "error"\n  }\n}' },
  },
  {
    name: "a workflow is added",
    before: JS,
    after: { ".github/workflows/ci.yml": "jobs:\n  test:\n    steps:\n      - run: npm test\n" },
  },
  {
    name: "a function is mended in Python",
    gates: pytest,
    before: PYTHON,
    after: { "shop.py": "def total(prices):\n    return sum(prices)\n" },
  },
  {
    name: "a pytest fixture is added",
    gates: pytest,
    before: PYTHON,
    after: {
      "tests/conftest.py": `${PYTHON["tests/conftest.py"]}\n\n@pytest.fixture\ndef basket(shop):\n    return [shop]\n`,
    },
  },
  {
    name: "a pytest parameter is added",
    gates: pytest,
    before: PYTHON,
    after: { "tests/test_shop.py": edit(PY_TEST, "[[], [0]]", "[[], [0], [0, 0]]") },
  },
  {
    name: "a Python dependency is added",
    gates: pytest,
    before: PYTHON,
    after: { "pyproject.toml": edit(PYTHON["pyproject.toml"] ?? "", "[]", '["requests"]') },
  },
  {
    name: "a test for one version of Python is added",
    gates: pytest,
    before: PYTHON,
    after: {
      "tests/test_shop.py": `${PY_TEST}\n\n@pytest.mark.skipif(sys.version_info < (3, 12), reason="new syntax")\ndef test_new():\n    assert total([3]) == 3\n`,
    },
  },
  {
    name: "a Python test uses another way to compare",
    gates: pytest,
    before: PYTHON,
    after: {
      "tests/test_shop.py": edit(PY_TEST, "assert total([1, 2]) == 3", "assert total([1, 2]) == pytest.approx(3)"),
    },
  },
  {
    name: "a function is mended in Rust",
    gates: cargo,
    before: RUST,
    after: { "src/lib.rs": edit(RUST_LIB, "{ value }", "{ value * 2 }") },
  },
  {
    name: "a Rust test is added",
    gates: cargo,
    before: RUST,
    after: {
      "src/lib.rs": edit(
        RUST_LIB,
        "    #[test]\n",
        "    #[test]\n    fn zero() {\n        assert_eq!(double(0), 0);\n    }\n\n    #[test]\n",
      ),
    },
  },
  {
    name: "a Rust dependency is added",
    gates: cargo,
    before: RUST,
    after: { "Cargo.toml": `${RUST["Cargo.toml"]}serde = "1"\n` },
  },
  {
    name: "Rust tests move to a file of their own",
    gates: cargo,
    before: RUST,
    after: {
      "src/lib.rs": "pub fn double(value: i32) -> i32 { value * 2 }\n\n#[cfg(test)]\nmod tests;\n",
      "src/tests.rs": "use super::*;\n\n#[test]\nfn doubles() {\n    assert_eq!(double(2), 4);\n}\n",
    },
  },
  {
    name: "a Go table test replaces a plain one",
    gates: go,
    before: GO,
    after: {
      "sum_test.go": edit(
        GO_TEST,
        '\tif Add(1, 2) != 3 {\n\t\tt.Fatal("wrong sum")\n\t}\n',
        '\tfor _, want := range []int{3, 4} {\n\t\tif got := Add(1, want-1); got != want {\n\t\t\tt.Errorf("got %d", got)\n\t\t}\n\t}\n',
      ),
    },
  },
  {
    name: "a slow Go test is left out of short runs",
    gates: go,
    before: GO,
    after: {
      "sum_test.go": `${GO_TEST}\nfunc TestSlow(t *testing.T) {\n\tif testing.Short() {\n\t\tt.Skip("slow")\n\t}\n\tif Add(2, 2) != 4 {\n\t\tt.Fatal("wrong")\n\t}\n}\n`,
    },
  },
  {
    name: "a Go test main ends as its tests end",
    gates: go,
    before: GO,
    after: { "sum_test.go": `${GO_TEST}\nfunc TestMain(m *testing.M) {\n\tos.Exit(m.Run())\n}\n` },
  },
  {
    name: "a make target that no gate runs is added",
    gates: ["make test"],
    before: MAKE,
    after: { Makefile: `${MAKE["Makefile"]}\nclean:\n\t-rm -f a.out\n` },
  },
  {
    name: "a gate's shell script is left alone while its input changes",
    gates: ["sh ./check.sh"],
    before: { "check.sh": "grep -q ready status.txt\n", "status.txt": "not yet\n" },
    after: { "status.txt": "ready\n" },
  },
  {
    name: "a placeholder for a key is documented",
    before: JS,
    after: { "README.md": "Set `AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE` and `sk-ant-your-key-here`.\n" },
  },
  {
    name: "a file beside the protected ones is edited",
    protect: ["spec/**"],
    before: { "spec/api.md": "a", "src/api.ts": "a" },
    after: { "src/api.ts": "b" },
  },
  {
    name: "two tests share a function that asserts",
    before: JS,
    after: {
      "src/sum.test.ts": edit(
        JS_TEST,
        '  it("adds nothing", () => {\n    expect(add(0, 0)).toBe(0);\n  });\n',
        '  const checkNothing = () => {\n    expect(add(0, 0)).toBe(0);\n  };\n  it("adds nothing", checkNothing);\n  it("adds nothing twice", checkNothing, { timeout: 5 });\n',
      ),
    },
  },
  {
    name: "an assertion on an exception becomes a context",
    gates: pytest,
    before: {
      "tests/test_a.py":
        "def test_a():\n    result = run()\n    assert result.code == 1\n    assert 'old' in result.text\n",
    },
    after: { "tests/test_a.py": 'def test_a():\n    with pytest.warns(UserWarning, match="old"):\n        run()\n' },
  },
  {
    name: "CI uses a newer version of an action",
    before: {
      ...JS,
      ".github/workflows/ci.yml": "    steps:\n      - uses: actions/checkout@v4\n      - run: npm test\n",
    },
    after: { ".github/workflows/ci.yml": "    steps:\n      - uses: actions/checkout@v5\n      - run: npm test\n" },
  },
  { name: "a file is formatted", before: JS, after: { "src/sum.test.ts": JS_TEST.replaceAll("    ", "\t\t") } },
];
