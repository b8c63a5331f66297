#!/bin/sh
# Records what real test runners print, into this folder. Usage: sh record.sh WORK_FOLDER
# WORK_FOLDER/js must hold node_modules with vitest, jest and mocha; node 24, pytest, cargo and go must be on PATH.
set -u
here=$(cd "$(dirname "$0")" && pwd)
work=$(cd "$1" && pwd)
export CI=1 NO_COLOR=1 FORCE_COLOR=0
bin="$work/js/node_modules/.bin"

# keep NAME COMMAND…: runs COMMAND in the current folder, keeps what it prints without this machine's paths.
keep() {
  name=$1
  shift
  "$@" > "$work/output" 2>&1
  echo "$name: exit $?"
  sed -e "s#$work#/work#g" -e "s#$HOME#/home/user#g" -e 's/hostname="[^"]*"/hostname="host"/g' \
    -e '/^npm warn /d' "$work/output" > "$here/$name.txt"
}

folder() {
  rm -rf "${work:?}/$1"
  mkdir -p "$work/$1"
  cd "$work/$1" || exit 1
}

folder node
cat > sum.test.js <<'JS'
const test = require("node:test");
const assert = require("node:assert");
test.describe("sum", () => {
  test.it("adds two numbers", () => assert.equal(1 + 1, 2));
  test.it("adds # and \\ in names", () => assert.equal(1 + 1, 3));
  test.it("is skipped", { skip: "not now" }, () => {});
  test.describe("nested", () => test.it("goes deep", () => {}));
});
test("stands alone", () => {});
test("is to do", { todo: true }, () => {});
JS
echo 'const test = require("node:test"); test("a", { skip: true }, () => {});' > skipped.js
echo 'console.log("no tests here");' > none.js
keep node-spec node --test --test-reporter=spec sum.test.js
keep node-tap node --test --test-reporter=tap sum.test.js
keep node-junit node --test --test-reporter=junit sum.test.js
keep node-spec-all-skipped node --test --test-reporter=spec skipped.js
keep node-tap-zero node --test --test-reporter=tap none-*.js
keep node-spec-zero node --test --test-reporter=spec --test-name-pattern=nothing sum.test.js
keep node-spec-file-crash sh -c 'echo "throw new Error(1)" > crash.test.js; node --test --test-reporter=spec crash.test.js'

folder jest
ln -s "$work/js/node_modules" node_modules
echo '{"name":"sample"}' > package.json
cat > sum.test.js <<'JS'
describe("sum", () => {
  it("adds two numbers", () => expect(1 + 1).toBe(2));
  it("adds three numbers", () => expect(1 + 1 + 1).toBe(4));
  it.skip("is skipped", () => {});
  it.todo("is to do");
  describe("nested", () => it("goes deep", () => {}));
});
JS
echo 'test("also passes", () => {});' > other.test.js
keep jest-default "$bin/jest"
keep jest-verbose "$bin/jest" --verbose
"$bin/jest" --json > "$work/output" 2> /dev/null
sed -e "s#$work#/work#g" "$work/output" > "$here/jest-json.txt"
keep jest-zero "$bin/jest" nothing-matches
keep jest-pass-with-no-tests "$bin/jest" nothing-matches --passWithNoTests
echo 'const x = ;' > broken.test.js
keep jest-broken "$bin/jest" broken.test.js
rm broken.test.js sum.test.js
echo 'test.skip("s", () => {});' > other.test.js
keep jest-all-skipped "$bin/jest"

folder vitest
ln -s "$work/js/node_modules" node_modules
echo '{"name":"sample","type":"module"}' > package.json
cat > sum.test.js <<'JS'
import { describe, expect, it } from "vitest";
describe("sum", () => {
  it("adds two numbers", () => expect(1 + 1).toBe(2));
  it("adds three numbers", () => expect(1 + 1 + 1).toBe(4));
  it.skip("is skipped", () => {});
  it.todo("is to do");
  describe("nested", () => { it("goes deep", () => {}); });
});
JS
printf 'import { test } from "vitest";\ntest("also passes", () => {});\n' > other.test.js
keep vitest-default "$bin/vitest" run
keep vitest-verbose "$bin/vitest" run --reporter=verbose
keep vitest-json "$bin/vitest" run --reporter=json
keep vitest-junit "$bin/vitest" run --reporter=junit
keep vitest-tap "$bin/vitest" run --reporter=tap
keep vitest-zero "$bin/vitest" run nothing-matches
keep vitest-pass-with-no-tests "$bin/vitest" run nothing-matches --passWithNoTests
rm sum.test.js
keep vitest-green "$bin/vitest" run
printf 'import { test } from "vitest";\ntest.skip("s", () => {});\n' > other.test.js
keep vitest-all-skipped "$bin/vitest" run

folder mocha
ln -s "$work/js/node_modules" node_modules
echo '{"name":"sample"}' > package.json
mkdir test
cat > test/sum.js <<'JS'
const assert = require("node:assert");
describe("sum", () => {
  it("adds two numbers", () => assert.equal(1 + 1, 2));
  it("adds three numbers", () => assert.equal(1 + 1 + 1, 4));
  it.skip("is skipped", () => {});
  describe("nested", () => it("goes deep", () => {}));
});
JS
keep mocha-spec "$bin/mocha"
keep mocha-dot "$bin/mocha" --reporter dot
keep mocha-zero "$bin/mocha" --grep nothing-matches

folder pytest
cat > test_sum.py <<'PY'
import pytest

def test_adds():
    assert 1 + 1 == 2

def test_adds_wrongly():
    assert 1 + 1 == 3

@pytest.mark.skip(reason="not now")
def test_skipped():
    pass

@pytest.mark.xfail
def test_expected_to_fail():
    assert False

class TestGroup:
    @pytest.mark.parametrize("value", [1, "a b"])
    def test_in_group(self, value):
        assert value

@pytest.fixture
def broken():
    raise RuntimeError("no fixture")

def test_error(broken):
    pass
PY
pytest="pytest -p no:cacheprovider"
keep pytest-default $pytest
keep pytest-quiet $pytest -q
keep pytest-verbose $pytest -v
keep pytest-report-all $pytest -rA
keep pytest-junit sh -c "$pytest --junitxml=out.xml > /dev/null; cat out.xml"
keep pytest-zero $pytest -k nothing_matches
mkdir empty
keep pytest-none $pytest empty
printf 'import missing_module\n\ndef test_x():\n    pass\n' > test_broken.py
keep pytest-collection-error $pytest test_broken.py
printf 'import pytest\n\n@pytest.mark.skip\ndef test_x():\n    pass\n' > test_broken.py
keep pytest-all-skipped $pytest -q test_broken.py

folder cargo
mkdir src
printf '[package]\nname = "sample"\nversion = "0.1.0"\nedition = "2021"\n' > Cargo.toml
cat > src/lib.rs <<'RS'
/// Adds.
/// ```
/// assert_eq!(sample::add(1, 1), 2);
/// ```
pub fn add(a: i32, b: i32) -> i32 { a + b }
#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn adds() { assert_eq!(add(1, 1), 2); }
    #[test]
    fn adds_wrongly() { assert_eq!(add(1, 1), 3); }
    #[test]
    #[ignore]
    fn ignored() {}
    #[test]
    #[should_panic]
    fn panics() { panic!("as wanted") }
}
RS
mkdir tests
printf '#[test]\nfn adds() { assert_eq!(sample::add(2, 2), 4); }\n' > tests/outside.rs
keep cargo-test cargo test --offline --no-fail-fast
keep cargo-quiet cargo test --offline --no-fail-fast -q
rm -r tests
echo 'pub fn add(a: i32, b: i32) -> i32 { a + b }' > src/lib.rs
keep cargo-zero cargo test --offline
echo 'pub fn add(a: i32) -> i32 { a + }' > src/lib.rs
keep cargo-broken cargo test --offline

folder go
printf 'module example.com/sample\n\ngo 1.19\n' > go.mod
mkdir sum plain broken
printf 'package sum\n\nfunc Add(a, b int) int { return a + b }\n' > sum/sum.go
printf 'package plain\n' > plain/plain.go
cat > sum/sum_test.go <<'GO'
package sum

import "testing"

func TestAdds(t *testing.T) { if Add(1, 1) != 2 { t.Fatal("wrong") } }
func TestAddsWrongly(t *testing.T) { if Add(1, 1) != 3 { t.Fatal("got 2, wanted 3") } }
func TestSkipped(t *testing.T) { t.Skip("not now") }
func TestTable(t *testing.T) { t.Run("one case", func(t *testing.T) {}); t.Run("two", func(t *testing.T) { t.Error("no") }) }
GO
printf 'package broken\n\nimport "testing"\n\nfunc TestX(t *testing.T) { missing() }\n' > broken/broken_test.go
keep go-default go test ./...
keep go-verbose go test -v ./...
keep go-json go test -json ./...
keep go-zero go test ./plain
rm -r broken sum/sum_test.go
mkdir green
printf 'package green\n\nimport "testing"\n\nfunc TestX(t *testing.T) {}\n' > green/green_test.go
keep go-green go test ./...
keep go-run-nothing go test -run NothingMatches ./...

folder npm
echo '{"name":"sample","version":"1.0.0","scripts":{"test":"echo \"Error: no test specified\" && exit 1"}}' > package.json
keep npm-no-test npm test
