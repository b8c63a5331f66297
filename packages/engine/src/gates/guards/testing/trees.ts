import type { Tree } from "./corpus.ts";

/** The trees that the evasions start from: small programs with a fault, and tests that see it. */
export const PACKAGE: string = JSON.stringify(
  { name: "sample", scripts: { test: "node --test", build: "tsc" } },
  null,
  2,
);
export const JS_TEST: string = `import test from "node:test";
import assert from "node:assert/strict";
import { add } from "./sum.js";

test("adds two numbers", () => {
  const sum = add(1, 2);
  assert.equal(sum, 3);
  assert.equal(typeof sum, "number");
});

test("adds nothing", () => {
  assert.equal(add(0, 0), 0);
});
`;
export const JS: Tree = {
  "package.json": PACKAGE,
  "sum.js": "export const add = (a, b) => a - b;\n",
  "sum.test.js": JS_TEST,
};
export const VITEST_TEST: string = `import { describe, expect, it } from "vitest";
import { parse } from "../src/parse";

describe("parse", () => {
  it("reads a number", () => {
    expect(parse("1")).toEqual({ value: 1 });
  });
  it("refuses rubbish", () => {
    expect(() => parse("?")).toThrow("rubbish");
  });
});
`;
export const VITEST: Tree = {
  "package.json": JSON.stringify({ scripts: { test: "vitest run" } }),
  "vitest.config.ts":
    'import { defineConfig } from "vitest/config";\nexport default defineConfig({ test: { globals: true } });\n',
  "src/parse.ts": "export const parse = (text: string) => ({ value: 0 });\n",
  "tests/parse.test.ts": VITEST_TEST,
};
export const PY_TEST: string = `import pytest
from shop import total


def test_total_of_nothing():
    assert total([]) == 0


def test_total_of_two():
    result = total([1, 2])
    assert result == 3
    assert isinstance(result, int)


class TestDiscount:
    def test_discount(self):
        assert total([10], discount=0.5) == 5
`;
export const PYTHON: Tree = {
  "shop.py": "def total(prices, discount=0):\n    return 0\n",
  "tests/test_shop.py": PY_TEST,
  "conftest.py": "import pytest\n",
  "pyproject.toml": '[project]\nname = "shop"\n\n[tool.pytest.ini_options]\ntestpaths = ["tests"]\n',
};
export const RUST_LIB: string = `pub fn double(value: i32) -> i32 { value }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles() {
        assert_eq!(double(2), 4);
        assert_eq!(double(-1), -2);
    }

    #[test]
    fn keeps_zero() {
        assert_eq!(double(0), 0);
    }
}
`;
export const RUST: Tree = {
  "Cargo.toml": '[package]\nname = "sample"\nversion = "0.1.0"\n',
  "src/lib.rs": RUST_LIB,
};
export const GO_TEST: string = `package sum

import "testing"

func TestAdd(t *testing.T) {
	if Add(1, 2) != 3 {
		t.Fatal("wrong sum")
	}
}

func TestAddNothing(t *testing.T) {
	if Add(0, 0) != 0 {
		t.Errorf("wrong sum")
	}
}
`;
export const GO: Tree = {
  "go.mod": "module sample\n",
  "sum.go": "package sum\n\nfunc Add(a, b int) int { return 0 }\n",
  "sum_test.go": GO_TEST,
};
export const SHELL: Tree = {
  "check.sh": "#!/bin/sh\nset -e\n./lint.sh\ngrep -q ready status.txt\n",
  "status.txt": "not yet\n",
};
export const MAKE: Tree = {
  Makefile: "FLAGS = -v\n\nbuild:\n\tcc main.c\n\ntest: build\n\t./run-tests $(FLAGS)\n",
  "main.c": "int main() {}\n",
};
