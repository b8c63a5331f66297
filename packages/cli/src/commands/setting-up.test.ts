import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { runCli } from "../testing/run-cli.ts";
import { createSampleRepository, type SampleRepository } from "../testing/sample-repository.ts";

const PACKAGE = '{ "name": "sample", "scripts": { "test": "node --test" } }\n';

let outside = "";
let sample: SampleRepository;
before(() => {
  outside = mkdtempSync(join(tmpdir(), "cloister-outside-"));
  sample = createSampleRepository({ "package.json": PACKAGE });
});
after(() => {
  sample[Symbol.dispose]();
  rmSync(outside, { recursive: true, force: true });
});

const NEEDS_A_REPOSITORY: readonly (readonly string[])[] = [
  ["run", "plan.md"],
  ["resume"],
  ["status"],
  ["logs"],
  ["pause"],
  ["stop"],
  ["steer", "hello"],
  ["report"],
  ["init"],
];

for (const args of NEEDS_A_REPOSITORY)
  test(`outside a repository "${args.join(" ")}" says what is missing, with exit code 2`, async () => {
    const { code, stderr } = await runCli([...args, ...(args[0] === "report" ? [] : ["--json"])], { cwd: outside });
    assert.equal(code, 2);
    assert.match(stderr, /repository/);
  });

test("without any run the commands on runs say how to start one", async () => {
  const { code, stderr } = await runCli(["status"], { cwd: sample.folder });
  assert.equal(code, 2);
  assert.match(stderr, /has no runs\.\n {7}Start one with: cloister run PLAN/);
  const all = await runCli(["status", "--all"], { cwd: sample.folder });
  assert.equal(all.code, 0);
});

test("run without a plan names the usual files and what else can be done", async () => {
  const { code, stderr } = await runCli(["run"], { cwd: sample.folder });
  assert.equal(code, 2);
  assert.match(stderr, /found none of plan\.md, PLAN\.md.*\n.*cloister init/);
});

test("init writes what is missing, shows the gates, and never overwrites", async () => {
  using fresh = createSampleRepository({ "package.json": PACKAGE, "cloister.yaml": "agent: codex\n" });
  const first = await runCli(["init"], { cwd: fresh.folder });
  assert.equal(first.code, 0, first.stderr);
  assert.match(first.stdout, /kept {2}cloister\.yaml/);
  assert.match(first.stdout, /wrote plan\.md/);
  assert.match(first.stdout, /^ {2}test: npm test$/m);
  writeFileSync(join(fresh.folder, "plan.md"), "mine");
  const second = await runCli(["init", "--json"], { cwd: fresh.folder });
  assert.deepEqual((JSON.parse(second.stdout) as { files: unknown }).files, [
    { file: "cloister.yaml", written: false },
    { file: "plan.md", written: false },
  ]);
  assert.equal(readFileSync(join(fresh.folder, "plan.md"), "utf8"), "mine");
  assert.equal(readFileSync(join(fresh.folder, "cloister.yaml"), "utf8"), "agent: codex\n");
});

test("what init writes can be read: the dry run shows the plan, its gates, agent and limits, and runs nothing", async () => {
  using fresh = createSampleRepository({ "package.json": PACKAGE });
  await runCli(["init"], { cwd: fresh.folder });
  const args = ["run", "--dry-run", "--agent", "command", "--agent-command", "true", "--max-cost", "5"];
  const { code, stdout, stderr } = await runCli(args, { cwd: fresh.folder });
  assert.equal(code, 0, stderr);
  assert.equal(stderr, "plan: plan.md\n");
  assert.match(stdout, /2 tasks\n {2}first: .*\n {2}next: .*after first/);
  assert.match(stdout, /Gates \(from the plan\)\n {2}test: npm test/);
  assert.match(stdout, /Limits .*30 iterations, \$5\.00/);
  assert.equal(fresh.git("status", "--short"), "?? cloister.yaml\n?? plan.md\n");
});

test("config says where each value comes from", async () => {
  using fresh = createSampleRepository({ "cloister.yaml": "limits:\n  maxCost: 3\n" });
  const env = { CLOISTER_AGENT: "codex" };
  const { code, stdout } = await runCli(["config", "--json"], { cwd: fresh.folder, env });
  assert.equal(code, 0);
  const settings = JSON.parse(stdout) as Record<string, { value: unknown; layer: string; place?: string }>;
  assert.deepEqual(settings["limits.maxCost"], { value: 3, layer: "repository", place: "cloister.yaml:2" });
  assert.equal(settings["agent"]?.layer, "environment");
  assert.equal(settings["inPlace"]?.layer, "default");
});

test("a configuration that is wrong is refused with file and line, with exit code 2", async () => {
  using fresh = createSampleRepository({ "cloister.yaml": "agent: codex\nlimts:\n  maxCost: 3\n" });
  const { code, stderr } = await runCli(["config"], { cwd: fresh.folder });
  assert.equal(code, 2);
  assert.match(stderr, /^error: cloister\.yaml:2: /);
});

test("agents lists every agent with what it can do", async () => {
  const { code, stdout } = await runCli(["agents", "--json"], { cwd: outside });
  assert.equal(code, 0);
  const agents = JSON.parse(stdout) as { name: string; installed: boolean; capabilities: object }[];
  assert.ok(
    ["claude", "codex", "gemini", "command", "builtin"].every((name) => agents.some((one) => one.name === name)),
  );
  assert.ok(agents.every(({ installed, capabilities }) => typeof installed === "boolean" && "usage" in capabilities));
});

test("doctor fails outside a repository and says why, with exit code 7", async () => {
  const { code, stdout } = await runCli(["doctor", "--json"], { cwd: outside });
  const { healthy, checks } = JSON.parse(stdout) as { healthy: boolean; checks: { name: string; level: string }[] };
  assert.deepEqual({ code, healthy }, { code: 7, healthy: false });
  assert.deepEqual(
    checks.filter(({ level }) => level === "fail").map(({ name }) => name),
    ["repository"],
  );
});

test("doctor finds nothing to mend in a repository", async () => {
  const { code, stdout } = await runCli(["doctor"], { cwd: sample.folder });
  assert.equal(code, 0, stdout);
  assert.match(stdout, /^ok {4}repository .*, on main$/m);
});
