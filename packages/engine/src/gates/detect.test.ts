import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { detectSetup } from "./detect-setup.ts";
import { detectGates } from "./detect.ts";

function withFiles(files: Readonly<Record<string, string>>, use: (dir: string) => void): void {
  const dir = mkdtempSync(join(tmpdir(), "cloister-detect-"));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
    use(dir);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

const scripts = (entries: Readonly<Record<string, string>>): string => JSON.stringify({ scripts: entries });

const GATES: readonly {
  name: string;
  files: Readonly<Record<string, string>>;
  expected: Readonly<Record<string, string>>;
}[] = [
  { name: "an empty folder has no gates", files: {}, expected: {} },
  {
    name: "npm scripts are gates",
    files: { "package.json": scripts({ test: "jest", lint: "eslint .", build: "tsc" }) },
    expected: { test: "npm test", lint: "npm run lint" },
  },
  {
    name: "npm's placeholder is not a gate",
    files: { "package.json": scripts({ test: 'echo "Error: no test specified" && exit 1' }) },
    expected: {},
  },
  {
    name: "the lockfile says which manager runs the scripts",
    files: { "package.json": scripts({ test: "vitest run", typecheck: "tsc" }), "pnpm-lock.yaml": "" },
    expected: { test: "pnpm test", typecheck: "pnpm run typecheck" },
  },
  {
    name: "bun's own test command is not its script",
    files: { "package.json": scripts({ test: "jest" }), "bun.lock": "" },
    expected: { test: "bun run test" },
  },
  {
    name: "tsconfig.json without a script is type-checked",
    files: { "package.json": scripts({ test: "node --test" }), "tsconfig.json": "{}" },
    expected: { test: "npm test", typecheck: "npx --no-install tsc --noEmit" },
  },
  { name: "broken package.json has no scripts", files: { "package.json": "{" }, expected: {} },
  {
    name: "pytest, ruff and mypy are gates where they are configured",
    files: { "pyproject.toml": "[tool.pytest.ini_options]\n[tool.ruff]\n[tool.mypy]\n" },
    expected: { test: "pytest", lint: "ruff check .", typecheck: "mypy ." },
  },
  {
    name: "uv runs Python's gates where it locks them",
    files: { "pytest.ini": "", "uv.lock": "" },
    expected: { test: "uv run pytest" },
  },
  { name: "Cargo.toml means cargo test", files: { "Cargo.toml": "" }, expected: { test: "cargo test" } },
  { name: "go.mod means go test", files: { "go.mod": "" }, expected: { test: "go test ./..." } },
  {
    name: "the Gradle wrapper is preferred",
    files: { "build.gradle.kts": "", gradlew: "" },
    expected: { test: "./gradlew test" },
  },
  { name: "pom.xml means Maven", files: { "pom.xml": "" }, expected: { test: "mvn -B test" } },
  {
    name: "a Makefile's test target is a gate",
    files: { Makefile: "all:\n\ntest: all\n\t./run\n" },
    expected: { test: "make test" },
  },
  {
    name: "make is left out where its tools are known",
    files: { Makefile: "test:\n\tgo test ./...\n", "go.mod": "" },
    expected: { test: "go test ./..." },
  },
  {
    name: "two languages have two test gates",
    files: { "package.json": scripts({ test: "jest" }), "Cargo.toml": "" },
    expected: { test: "npm test", "test-cargo": "cargo test" },
  },
];

for (const { name, files, expected } of GATES) {
  test(name, () => {
    withFiles(files, (dir) => {
      const { gates, why } = detectGates(dir);
      assert.deepEqual(Object.fromEntries(gates.map((gate) => [gate.name, gate.command])), expected);
      assert.equal(why.length, gates.length);
    });
  });
}

const SETUPS: readonly { name: string; files: Readonly<Record<string, string>>; expected: readonly string[] }[] = [
  { name: "nothing to set up in an empty folder", files: {}, expected: [] },
  {
    name: "npm installs what the lockfile says",
    files: { "package.json": "{}", "package-lock.json": "{}" },
    expected: ["npm ci --no-audit --no-fund"],
  },
  {
    name: "pnpm keeps its lockfile",
    files: { "package.json": "{}", "pnpm-lock.yaml": "" },
    expected: ["pnpm install --frozen-lockfile"],
  },
  { name: "no dependencies, no installation", files: { "package.json": '{"dependencies":{}}' }, expected: [] },
  {
    name: "dependencies without a lockfile are installed without making one",
    files: { "package.json": '{"devDependencies":{"jest":"1"}}' },
    expected: ["npm install --no-audit --no-fund --no-package-lock"],
  },
  { name: "uv syncs", files: { "uv.lock": "" }, expected: ["uv sync --frozen"] },
  {
    name: "requirements alone are not installed into an unknown environment",
    files: { "requirements.txt": "pytest" },
    expected: [],
  },
  {
    name: "cargo and go fetch what is locked",
    files: { "Cargo.lock": "", "go.sum": "" },
    expected: ["cargo fetch --locked", "go mod download"],
  },
];

for (const { name, files, expected } of SETUPS) {
  test(`set-up: ${name}`, () => withFiles(files, (dir) => assert.deepEqual(detectSetup(dir).commands, expected)));
}

test("a folder that is not there has neither gates nor set-up", () => {
  assert.deepEqual(detectGates("/nonexistent/folder").gates, []);
  assert.deepEqual(detectSetup("/nonexistent/folder").commands, []);
});
