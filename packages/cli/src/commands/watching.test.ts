import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type CliResult, runCli } from "../testing/run-cli.ts";
import { createSampleRepository, type SampleRepository } from "../testing/sample-repository.ts";

const PLAN = "# A plan\n\n- [ ] write the file {#file}\n";
const AGENT = "cat > /dev/null; echo hello > hello.txt; echo TASK_COMPLETE";

let sample: SampleRepository;
let finished: CliResult;
let run = "";

before(async () => {
  sample = createSampleRepository({ "plan.md": PLAN });
  const gate = "file=! test -e started.txt || test -e hello.txt";
  const args = ["run", "plan.md", "--agent", "command", "--agent-command", AGENT, "--gate", gate, "--json"];
  finished = await runCli(args, { cwd: sample.folder });
  run = String(lastLine(finished.stdout)["run"]);
});
after(() => sample[Symbol.dispose]());

function lines(text: string): Record<string, unknown>[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

function lastLine(text: string): Record<string, unknown> {
  return lines(text).at(-1) ?? {};
}

async function cli(...args: readonly string[]): Promise<CliResult> {
  return runCli(args, { cwd: sample.folder });
}

test("run --json prints every event with its position, and the summary last", () => {
  assert.equal(finished.code, 0, finished.stderr);
  const events = lines(finished.stdout);
  const summary = events.pop();
  assert.deepEqual(
    events.map(({ position }) => position),
    events.map((_, index) => index + 1),
  );
  assert.ok(events.every(({ type, time }) => typeof type === "string" && typeof time === "number"));
  const { type, reason, tasks, iterations, cost, tokens, exitCode } = summary ?? {};
  assert.deepEqual(
    { type, reason, tasks, iterations, cost, tokens, exitCode },
    {
      type: "run_ended",
      reason: "done",
      tasks: { total: 1, done: 1, blocked: 0 },
      iterations: 1,
      cost: 0,
      tokens: 0,
      exitCode: 0,
    },
  );
});

test("status tells where the newest run stands", async () => {
  const { code, stdout } = await cli("status");
  assert.equal(code, 0);
  assert.match(stdout, new RegExp(`^Run ${run}: done\n`));
  assert.match(stdout, /✓ file {2}write the file {2}\(1 iteration\)/);
});

test("status --json is one value", async () => {
  const { state, alive, tasks } = lastLine((await cli("status", "--json")).stdout);
  assert.deepEqual({ state, alive }, { state: "done", alive: false });
  assert.deepEqual(tasks, [{ id: "file", title: "write the file", status: "done", phase: "implement", iterations: 1 }]);
});

test("status --all lists runs in a table", async () => {
  const { stdout } = await cli("status", "--all");
  assert.match(stdout, new RegExp(`^RUN .*\n${run} .* done .* 1/1 `));
});

test("a run can be named by the start of its id, and an unknown one is refused with those there are", async () => {
  assert.equal((await cli("status", run.slice(0, 10))).code, 0);
  const { code, stderr } = await cli("status", "nope");
  assert.equal(code, 2);
  assert.match(stderr, new RegExp(`Runs: ${run}`));
});

test("logs --json are the events that run printed", async () => {
  const { stdout } = await cli("logs", "--json");
  assert.deepEqual(lines(stdout), lines(finished.stdout).slice(0, -1));
});

test("logs -f of a run that has ended prints it and ends", async () => {
  const [plain, followed] = await Promise.all([cli("logs"), cli("logs", "-f")]);
  assert.equal(followed.code, 0);
  assert.equal(followed.stdout, plain.stdout);
  assert.match(plain.stdout, /#1 gate file passed/);
});

test("logs --iteration shows one iteration alone", async () => {
  assert.match((await cli("logs", "--iteration", "1")).stdout, /^\S+ #1 implement task file\n/);
  assert.equal((await cli("logs", "--iteration", "2")).stdout, "");
});

for (const command of ["pause", "stop"])
  test(`${command} of a run that is not at work leaves nothing behind for its resume`, async () => {
    const { code, stdout } = await cli(command, "--json");
    assert.equal(code, 0);
    assert.deepEqual(lastLine(stdout), { run, alive: false, message: "is not at work" });
  });

for (const [format, begin] of [
  ["md", /^# A plan\n/],
  ["html", /^<!doctype html>/i],
  ["json", /^\{\n/],
] as const)
  test(`report --format ${format} prints the report, or writes it where it is told to`, async () => {
    const { code, stdout } = await cli("report", "--format", format);
    assert.equal(code, 0);
    assert.match(stdout, begin);
    const file = join(sample.folder, `out.${format}`);
    assert.equal((await cli("report", "--format", format, "--output", `out.${format}`)).code, 0);
    assert.match(readFileSync(file, "utf8"), begin);
  });

test("a report that can't be written is the user's to mend", async () => {
  const { code, stderr } = await cli("report", "--output", "no/such/folder/report.md");
  assert.equal(code, 2);
  assert.match(stderr, /can't be written.*ENOENT/);
});

test("audit --journal finds the journal whole", async () => {
  const { code, stdout } = await cli("audit", "--journal", "--json");
  assert.equal(code, 0);
  const { ok, length } = lastLine(stdout);
  assert.deepEqual({ ok, length }, { ok: true, length: lines(finished.stdout).length - 1 });
});

test("audit of a report prints each claim with its verdict, and exits with 7 where one does not hold", async () => {
  writeFileSync(join(sample.folder, "claims.md"), "# Report\n\nThe file `nowhere.txt` was created.\n");
  const { code, stdout } = await cli("audit", "claims.md");
  assert.equal(code, 7);
  assert.match(stdout, /^# Audit of claims\.md/);
  const { claims } = lastLine((await cli("audit", "claims.md", "--json")).stdout);
  assert.ok(Array.isArray(claims) && claims.length > 0);
});

test("audit needs a file that can be read", async () => {
  const [none, missing] = await Promise.all([cli("audit"), cli("audit", "missing.md")]);
  assert.deepEqual([none.code, missing.code], [2, 2]);
  assert.match(none.stderr, /Expected the file of a report/);
  assert.match(missing.stderr, /^error: missing\.md: The report can't be read/);
});

test("a reader who goes away early is no error", async () => {
  const { code, stderr, stdout } = await runCli(["logs", "--json"], { cwd: sample.folder, readAtMost: 1 });
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  assert.match(stdout, /^\{/);
});
