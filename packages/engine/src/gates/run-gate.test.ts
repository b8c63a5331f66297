import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { GateSpec } from "@cloister/core";
import { createEvidenceStore } from "../evidence/store.ts";
import { createHostRunMachine } from "../machines/run/host-machine.ts";
import { placeHeldOut } from "./held-out.ts";
import type { GateContext } from "./port.ts";
import { rerunForFlakes } from "./rerun-for-flakes.ts";
import { runGate, runGates } from "./run-gate.ts";

const folder = mkdtempSync(join(tmpdir(), "cloister-run-gate-"));
after(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;

function createContext(signal?: AbortSignal): GateContext {
  count += 1;
  const workspace = join(folder, `workspace-${count}`);
  mkdirSync(workspace);
  return {
    workspace,
    env: { PATH: process.env["PATH"] ?? "" },
    marker: `gate-test-${process.pid}-${count}`,
    machine: createHostRunMachine({}),
    evidence: createEvidenceStore(join(folder, "evidence")),
    ...(signal === undefined ? {} : { signal }),
  };
}

const spec = (command: string, more: Partial<GateSpec> = {}): GateSpec => ({ name: "gate", command, ...more });
const tap = (lines: string): string => `printf 'TAP version 13\\n${lines}'`;

/** A command, and what is said of it: `passed`, `failed` or why it is inconclusive. */
const VERDICTS: readonly (readonly [string, string, string])[] = [
  ["exit status 0 passes", "echo fine", "passed"],
  ["any other exit status fails", "echo bad; exit 3", "failed"],
  ["a command that is not there is inconclusive", "no-such-command-anywhere", "command_not_found"],
  [
    "a missing command within a pipeline of make is inconclusive",
    "printf 'make: *** [Makefile:2: test] Error 127\\n'; exit 2",
    "command_not_found",
  ],
  ["a file that may not be executed is inconclusive", "touch plain.sh; ./plain.sh", "not_executable"],
  ["a command killed by a signal is inconclusive", "kill -KILL $$", "killed"],
  ["a runner that runs no test is inconclusive", tap("1..0\\n"), "zero_tests"],
  [
    "a runner that fails for want of tests is inconclusive",
    "echo 'No tests found, exiting with code 1'; exit 1",
    "zero_tests",
  ],
  ["a runner that skips every test is inconclusive", tap("ok 1 - a # SKIP\\n1..1\\n"), "zero_tests"],
  ["failed tests behind exit status 0 fail", `${tap("not ok 1 - a\\n1..1\\n")}; true`, "failed"],
  ["tests that pass pass", tap("ok 1 - a\\n1..1\\n"), "passed"],
  ["tests that pass do not hide a red exit status", `${tap("ok 1 - a\\n1..1\\n")}; exit 1`, "failed"],
  ["standard input is empty", "cat; echo read", "passed"],
  ["a syntax error fails", "if then", "failed"],
];

for (const [name, command, expected] of VERDICTS) {
  test(name, async () => {
    const result = await runGate(spec(command), createContext());
    assert.equal(result.inconclusive ?? result.verdict, expected);
    assert.equal(result.verdict === "inconclusive", result.inconclusive !== undefined);
  });
}

test("a gate that takes too long is inconclusive and leaves nothing running", async () => {
  const result = await runGate(spec("echo started; sleep 60 & wait", { timeoutMs: 300 }), createContext());
  assert.equal(result.inconclusive, "timeout");
  assert.match(result.excerpt, /started/);
});

test("an aborted gate is inconclusive, and the gates after it do not run", async () => {
  const controller = new AbortController();
  const context = createContext(controller.signal);
  controller.abort();
  assert.equal((await runGate(spec("echo never"), context)).inconclusive, "killed");
  assert.deepEqual(await runGates([spec("echo never")], context), []);
});

test("a workspace that is not there is inconclusive", async () => {
  const context = { ...createContext(), workspace: join(folder, "missing") };
  assert.equal((await runGate(spec("true"), context)).inconclusive, "spawn_failed");
});

test("gates run in their order, with what runners need in their environment", async () => {
  const context = createContext();
  const show = 'echo "$CLOISTER_GATE $CI $NO_COLOR $FORCE_COLOR" >> order';
  await runGates(
    [
      { name: "one", command: show },
      { name: "two", command: show },
    ],
    context,
  );
  assert.equal(readFileSync(join(context.workspace, "order"), "utf8"), "one 1 1 0\ntwo 1 1 0\n");
});

test("both streams are kept in the order in which they came", async () => {
  const context = createContext();
  const result = await runGate(spec("echo a; echo b >&2; echo c; echo d >&2"), context);
  assert.equal(Buffer.from(context.evidence.get(result.output) ?? []).toString(), "a\nb\nc\nd\n");
});

test("of endless output head and tail are kept, and what is missing is said", async () => {
  const context = createContext();
  const result = await runGate(spec("echo first; head -c 20000000 /dev/zero | tr '\\0' x; echo; echo last"), context);
  const output = Buffer.from(context.evidence.get(result.output) ?? []).toString();
  assert.match(output, /^first\n/);
  assert.match(output, /last\n$/);
  assert.match(output, /\[cloister: \d+ bytes of output are left out here\]/);
  assert.ok(result.output.bytes <= 8 * 1024 * 1024 + 100);
  assert.ok(result.excerpt.length <= 4000);
});

test("the excerpt shows a failure from the middle of a long output, and its end", async () => {
  const noise = "for i in $(seq 2000); do echo noise; done";
  const result = await runGate(
    spec(`${noise}; echo 'FAIL: this matters'; ${noise}; echo 'the end'; exit 1`),
    createContext(),
  );
  assert.match(result.excerpt, /FAIL: this matters/);
  assert.match(result.excerpt, /the end$/);
  assert.ok(result.excerpt.length <= 4000);
});

test("results are read from JUnit XML where the command writes it", async () => {
  const xml = '<testsuite><testcase classname="a" name="b"/><testcase name="c"><failure/></testcase></testsuite>';
  const result = await runGate(spec(`echo '${xml}' > "$CLOISTER_JUNIT_FILE"`), createContext());
  assert.deepEqual(result.tests?.cases, { "a > b": "passed", c: "failed" });
  assert.equal(result.verdict, "failed");
});

test("a link in the place of JUnit XML is not followed", async () => {
  const context = createContext();
  writeFileSync(join(context.workspace, "mine.xml"), '<testsuite><testcase name="a"/></testsuite>');
  const result = await runGate(spec('ln -s "$PWD/mine.xml" "$CLOISTER_JUNIT_FILE"'), context);
  assert.equal(result.tests, undefined);
});

test("tests are named alike wherever the workspace is", async () => {
  const run = (): Promise<string[]> =>
    runGate(spec('printf "TAP version 13\\nok 1 - $PWD/a.js adds\\n1..1\\n"'), createContext()).then((result) =>
      Object.keys(result.tests?.cases ?? {}),
    );
  assert.deepEqual(await run(), ["a.js adds"]);
  assert.deepEqual(await run(), ["a.js adds"]);
});

function createHeldOut(files: Readonly<Record<string, string>>): string {
  const source = mkdtempSync(join(folder, "held-out-"));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(source, path, ".."), { recursive: true });
    writeFileSync(join(source, path), text);
  }
  return source;
}

test("held-out files are there for the gate alone, and what they cover is put back", async () => {
  const context = createContext();
  mkdirSync(join(context.workspace, "tests"));
  writeFileSync(join(context.workspace, "tests", "a.txt"), "mine");
  const heldOutFiles = createHeldOut({ "tests/a.txt": "theirs", "tests/b.txt": "b", "new/deep/c.txt": "c" });
  const command = 'test "$(cat tests/a.txt tests/b.txt new/deep/c.txt)" = theirsbc && touch new/left tests/made';
  assert.equal((await runGate(spec(command, { heldOutFiles }), context)).verdict, "passed");
  assert.deepEqual(readdirSync(context.workspace), ["tests"]);
  assert.deepEqual(readdirSync(join(context.workspace, "tests")).sort(), ["a.txt", "made"]);
  assert.equal(readFileSync(join(context.workspace, "tests", "a.txt"), "utf8"), "mine");
});

test("held-out files do not follow a link out of the workspace", async () => {
  const context = createContext();
  const outside = mkdtempSync(join(folder, "outside-"));
  symlinkSync(outside, join(context.workspace, "tests"));
  const heldOutFiles = createHeldOut({ "tests/a.txt": "theirs" });
  assert.equal((await runGate(spec("cat tests/a.txt", { heldOutFiles }), context)).verdict, "passed");
  assert.deepEqual(readdirSync(outside), []);
  assert.equal(readlinkSync(join(context.workspace, "tests")), outside);
});

test("a held-out gate without files is inconclusive", async () => {
  const context = createContext();
  for (const heldOutFiles of [join(folder, "nowhere"), createHeldOut({})]) {
    assert.equal((await runGate(spec("true", { heldOutFiles }), context)).inconclusive, "held_out_missing");
  }
});

test("a held-out gate's excerpt names its tests and quotes nothing of them", async () => {
  const heldOutFiles = createHeldOut({ "secret.txt": "expected 42" });
  const command = `cat secret.txt; ${tap("not ok 1 - answers\\n1..1\\n")}; exit 1`;
  const { excerpt } = await runGate(spec(command, { heldOutFiles }), createContext());
  assert.match(excerpt, /0 passed, 1 failed.*\n- answers/);
  assert.doesNotMatch(excerpt, /42/);
});

test("held-out files that a crash left behind are taken out before the next gate", async () => {
  const context = createContext();
  writeFileSync(join(context.workspace, "a.txt"), "mine");
  assert.equal(placeHeldOut(createHeldOut({ "a.txt": "theirs", "b/c.txt": "c" }), context.workspace).length, 2);
  await runGate(spec("true"), context);
  assert.equal(readFileSync(join(context.workspace, "a.txt"), "utf8"), "mine");
  assert.equal(existsSync(join(context.workspace, "b")), false);
});

/** Fails in its first run, and passes from then on. */
const FLAKY = `if [ -e ran ]; then ${tap("ok 1 - a\\nok 2 - b\\n1..2\\n")}; else touch ran; ${tap("ok 1 - a\\nnot ok 2 - b\\n1..2\\n")}; exit 1; fi`;

test("a test that fails and then passes on the same tree is flaky and not blamed", async () => {
  const context = createContext();
  const gate = spec(FLAKY);
  const first = await runGate(gate, context);
  assert.equal(first.verdict, "failed");
  const { result, findings } = await rerunForFlakes({ gate, result: first, baseline: undefined, context });
  assert.equal(result.verdict, "passed");
  assert.deepEqual(
    findings.map(({ name }) => name),
    ["test_flaky"],
  );
  assert.match(findings[0]?.message ?? "", /"b"/);
});

test("a test that fails twice is not flaky", async () => {
  const context = createContext();
  const gate = spec(`${tap("ok 1 - a\\nnot ok 2 - b\\n1..2\\n")}; exit 1`);
  const first = await runGate(gate, context);
  assert.deepEqual(await rerunForFlakes({ gate, result: first, baseline: undefined, context }), {
    result: first,
    findings: [],
  });
});

test("a gate whose failures are all old is not run again", async () => {
  const context = createContext();
  const gate = spec(`echo run >> runs; ${tap("not ok 1 - b\\n1..1\\n")}; exit 1`);
  const first = await runGate(gate, context);
  await rerunForFlakes({ gate, result: first, baseline: first, context });
  assert.equal(readFileSync(join(context.workspace, "runs"), "utf8"), "run\n");
});
