import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { createEvidenceStore } from "../evidence/store.ts";
import { createHostRunMachine } from "../machines/run/host-machine.ts";
import type { ChangedFile } from "./guards/change.ts";
import type { GateContext } from "./port.ts";
import { runGate } from "./run-gate.ts";
import { runWitness } from "./witness.ts";

const folder = mkdtempSync(join(tmpdir(), "cloister-witness-"));
after(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;

type Tree = Readonly<Record<string, string>>;

function writeTree(root: string, tree: Tree): void {
  for (const [path, text] of Object.entries(tree)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

function createContext(tree: Tree): GateContext {
  count += 1;
  const workspace = join(folder, String(count));
  writeTree(workspace, tree);
  return {
    workspace,
    env: { PATH: process.env["PATH"] ?? "" },
    marker: `witness-test-${process.pid}-${count}`,
    machine: createHostRunMachine({}),
    evidence: createEvidenceStore(join(folder, "evidence")),
  };
}

/** Runs a real gate on base and change, and then the witness with the change's tests over the base. */
async function witness(
  base: Tree,
  change: Tree,
  command: string,
  older: Tree = base,
): Promise<{ names: string[]; overlays: number }> {
  const spec = { name: "test", command };
  const baseContext = createContext(base);
  const context = createContext({ ...base, ...change });
  const files = Object.keys(change).map((path): ChangedFile => ({
    path,
    status: base[path] === undefined ? "added" : "modified",
  }));
  const gate = { spec, now: await runGate(spec, context), baseline: await runGate(spec, createContext(older)) };
  assert.equal(gate.now.verdict, "passed");
  let overlays = 0;
  const findings = await runWitness({
    gates: [gate],
    files,
    context: baseContext,
    withOverlay: async (testFiles, run) => {
      overlays += 1;
      for (const path of testFiles) cpSync(join(context.workspace, path), join(baseContext.workspace, path));
      const result = await run();
      for (const path of testFiles) rmSync(join(baseContext.workspace, path));
      writeTree(baseContext.workspace, base);
      return result;
    },
    atBase: (run) => run(),
  });
  return { names: findings.map(({ name }) => name), overlays };
}

const HEAD =
  'const test = require("node:test"); const assert = require("node:assert"); const sum = require("./sum.js");\n';
const OLD_TEST = 'test("old", () => assert.equal(typeof sum, "object"));\n';
const BASE: Tree = { "sum.js": "exports.add = () => 0;\n", "sum.test.js": HEAD + OLD_TEST };
const MENDED = "exports.add = (a, b) => a + b;\n";
const run = "node --test --test-reporter=spec";
const named = "node --test --test-reporter=tap";

const CASES: readonly { name: string; change: Tree; expected: readonly string[]; overlays: number }[] = [
  {
    name: "a new test that fails on the base's code is a witness",
    change: {
      "sum.js": MENDED,
      "sum.test.js": `${HEAD}${OLD_TEST}test("new", () => assert.equal(sum.add(1, 2), 3));\n`,
    },
    expected: [],
    overlays: 1,
  },
  {
    name: "new tests that pass on the base's code are no witness",
    change: { "sum.js": MENDED, "sum.test.js": `${HEAD}${OLD_TEST}test("new", () => assert.equal(1 + 2, 3));\n` },
    expected: ["tests_not_witnessed"],
    overlays: 1,
  },
  {
    name: "one witness among new tests is enough",
    change: {
      "sum.js": MENDED,
      "sum.test.js": `${HEAD}${OLD_TEST}test("idle", () => {});\ntest("new", () => assert.equal(sum.add(1, 2), 3));\n`,
    },
    expected: [],
    overlays: 1,
  },
  {
    name: "a new test file that can't even be loaded on the base is a witness",
    change: {
      "product.js": "exports.of = (a, b) => a * b;\n",
      "product.test.js": `${HEAD}const { of } = require("./product.js");\ntest("of", () => assert.equal(of(2, 3), 6));\n`,
    },
    expected: [],
    overlays: 1,
  },
  {
    name: "without new tests nothing is run",
    change: { "sum.js": MENDED },
    expected: [],
    overlays: 0,
  },
  {
    name: "where only tests change there is nothing to witness",
    change: { "sum.test.js": `${HEAD}${OLD_TEST}test("new", () => {});\n` },
    expected: [],
    overlays: 0,
  },
];

for (const { name, change, expected, overlays } of CASES) {
  for (const command of [run, named]) {
    test(`${name} (${command})`, async () => {
      assert.deepEqual(await witness(BASE, change, command), { names: expected, overlays });
    });
  }
}

test("tests that are only counted are witnessed by their number and verdict", async () => {
  const counting = `${named} > out; status=$?; grep -c '^ok' out | sed 's/.*/ & pass/'; grep -c '^not ok' out | sed 's/.*/ & fail/'; exit $status`;
  const idle = { "sum.js": MENDED, "sum.test.js": `${HEAD}${OLD_TEST}test("new", () => {});\n` };
  const useful = {
    "sum.js": MENDED,
    "sum.test.js": `${HEAD}${OLD_TEST}test("new", () => assert.equal(sum.add(1, 2), 3));\n`,
  };
  assert.deepEqual((await witness(BASE, idle, counting)).names, ["tests_not_witnessed"]);
  assert.deepEqual((await witness(BASE, useful, counting)).names, []);
});

test("tests that an earlier task added are not this change's new tests", async () => {
  const older: Tree = { "sum.js": "exports.add = () => 0;\n" };
  const change = { "sum.js": MENDED, "sum.test.js": `${HEAD}// The same test.\n${OLD_TEST}` };
  assert.deepEqual((await witness(BASE, change, named, older)).names, []);
});
