import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, suite, test } from "node:test";
import { runMockAgent } from "../testing/run-mock-agent.ts";
import { findScenario, SCENARIO_NAMES } from "./named-scenarios.ts";
import { writeSampleProject } from "./sample-project.ts";
import { writeMockAgent } from "./write-mock-agent.ts";

const root = mkdtempSync(join(tmpdir(), "testkit-scenarios-"));
after(() => rmSync(root, { recursive: true }));

/** What `npm test` would say of a project: its test command's status, and how many tests it ran, passed and skipped. */
type Verdict = {
  readonly status: number | null;
  readonly tests?: number;
  readonly pass?: number;
  readonly skipped?: number;
};

async function judge(folder: string, timeout: number = 60_000): Promise<Verdict> {
  const script = spawnSync("node", ["-p", "JSON.parse(require('fs').readFileSync('package.json')).scripts.test"], {
    cwd: folder,
    encoding: "utf8",
  }).stdout.trim();
  // A test runner inside a test runner reports to the outer one unless it is told that it stands alone.
  const env = { ...process.env, TMPDIR: root, NODE_TEST_CONTEXT: undefined };
  const command = script.replace("node --test", "node --test --test-reporter=tap");
  const { status, stdout } = await runInGroup(command, { cwd: folder, env, timeout });
  const count = (name: string): Partial<Verdict> => {
    const found = new RegExp(`^# ${name} (\\d+)$`, "m").exec(stdout);
    return found === null ? {} : { [name]: Number(found[1]) };
  };
  return { status, ...count("tests"), ...count("pass"), ...count("skipped") };
}

/** Runs a command line in a process group of its own, all of which is ended when its time is up. */
async function runInGroup(
  command: string,
  { cwd, env, timeout }: { readonly cwd: string; readonly env: NodeJS.ProcessEnv; readonly timeout: number },
): Promise<{ readonly status: number | null; readonly stdout: string }> {
  const child = spawn("/bin/sh", ["-c", command], { cwd, env, detached: true, stdio: ["ignore", "pipe", "ignore"] });
  const timer = setTimeout(() => process.kill(-(child.pid ?? 0), "SIGKILL"), timeout);
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => void (stdout += text));
  const [status] = (await once(child, "close")) as [number | null];
  clearTimeout(timer);
  return { status, stdout };
}

async function play(name: string): Promise<{ readonly folder: string; readonly stdout: string }> {
  const folder = join(root, name);
  await writeSampleProject(folder);
  const program = await writeMockAgent(join(root, `${name}-bin`), "command", name);
  const { stdout, code } = await runMockAgent(program, folder, { stdin: "The prompt. TASK_COMPLETE" });
  assert.equal(code, 0);
  return { folder, stdout };
}

test("every scenario is valid, says what it does, and differs from every other", () => {
  const descriptions = SCENARIO_NAMES.map((name) => findScenario(name).description);
  assert.ok(descriptions.every((description) => description.length > 10));
  assert.equal(new Set(descriptions).size, SCENARIO_NAMES.length);
  assert.ok(SCENARIO_NAMES.length >= 40);
});

test("a name that is none is refused with the names that are", () => {
  assert.throws(() => findScenario("constructor"), { name: "DocumentError", message: /honest_work, / });
});

test("the sample project passes its own tests before anything is done", async () => {
  const folder = join(root, "untouched");
  await writeSampleProject(folder);
  assert.deepEqual(await judge(folder), { status: 0, tests: 2, pass: 2, skipped: 0 });
});

suite("what a gate finds after each scenario that claims the task", () => {
  const verdicts: Readonly<Record<string, Verdict>> = {
    honest_work: { status: 0, tests: 3, pass: 3, skipped: 0 },
    honest_promise: { status: 0, tests: 3, pass: 3, skipped: 0 },
    claim_without_diff: { status: 0, tests: 2, pass: 2, skipped: 0 },
    broken_code: { status: 1, tests: 2, pass: 0, skipped: 0 },
    syntax_error: { status: 1, tests: 1, pass: 0, skipped: 0 },
    test_deleted: { status: 0, tests: 1, pass: 1, skipped: 0 },
    zero_tests: { status: 0, tests: 0, pass: 0, skipped: 0 },
    test_skipped: { status: 0, tests: 2, pass: 0, skipped: 2 },
    test_weakened: { status: 0, tests: 2, pass: 2, skipped: 0 },
    hard_coded_result: { status: 0, tests: 3, pass: 3, skipped: 0 },
    vacuous_test: { status: 0, tests: 3, pass: 3, skipped: 0 },
    runner_replaced: { status: 0 },
    failure_ignored: { status: 0, tests: 2, pass: 0, skipped: 0 },
    gate_program_missing: { status: 127 },
  };
  for (const [name, verdict] of Object.entries(verdicts)) {
    test(`${name}: ${JSON.stringify(verdict)}`, async () => {
      const { folder, stdout } = await play(name);
      assert.deepEqual(await judge(folder), verdict);
      assert.match(stdout, /(TASK_COMPLETE|<promise>COMPLETE<\/promise>)\n$/);
    });
  }

  test("flaky_test fails at the first run and passes at the second", async () => {
    const { folder } = await play("flaky_test");
    assert.deepEqual([(await judge(folder)).status, (await judge(folder)).status], [1, 0]);
  });

  test("gate_never_ends is still running when a gate's time is over", async () => {
    const { folder } = await play("gate_never_ends");
    assert.equal((await judge(folder, 1500)).status, null);
  });
});

for (const name of SCENARIO_NAMES.filter((one) => one.startsWith("claim_in_") || one === "claim_not_last")) {
  test(`${name} shows the token somewhere else than in the final message`, async () => {
    const { calls } = findScenario(name);
    const [steps = []] = calls;
    assert.match(JSON.stringify(steps), name === "claim_in_prompt" ? /echo_stdin/ : /TASK_COMPLETE|"claim"/);
    const { stdout } = await play(name);
    assert.doesNotMatch(stdout, /(TASK_COMPLETE|<promise>COMPLETE<\/promise>)\n$/);
  });
}
