/** Commands that look at a run that has ended, and go on with one that ended short. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import type { Report } from "@cloister/core";
import type { RunSummary } from "@cloister/engine";
import { summaryOf } from "../harness/cli-process.ts";
import { installMockAgent, TEST_GATE } from "../harness/mock-agent.ts";
import { createTestRepository, type TestRepository } from "../harness/test-repository.ts";

/** A run that ended at its limit of one iteration, in which the agent claimed falsely. */
async function runShort(repository: TestRepository): Promise<RunSummary> {
  const agent = await installMockAgent(repository, "lies_then_works");
  const end = await repository.run(["run", "plan.md", ...agent, ...TEST_GATE, "--max-iterations", "1", "--json"]);
  assert.equal(end.code, 3, end.stderr);
  return summaryOf(end);
}

test("a run that reached its limit of iterations goes on with a higher one, and counts on", async () => {
  using repository = createTestRepository();
  const short = await runShort(repository);
  const same = await repository.run(["resume", "--json"]);
  assert.equal(same.code, 3, "the limit still holds");
  const end = await repository.run(["resume", short.run, "--max-iterations", "5", "--json"]);
  assert.equal(end.code, 0, end.stderr);
  const { run, iterations, tokens, branch } = summaryOf(end);
  assert.deepEqual([run, branch, iterations, tokens], [short.run, short.branch, 2, short.tokens * 2]);
});

test("a changed byte of the journal is found", async () => {
  using repository = createTestRepository();
  const { run } = await runShort(repository);
  const journal = join(repository.root, ".cloister", "runs", run, "journal.db");
  const intact = await repository.run(["audit", "--journal"]);
  assert.deepEqual([intact.code, intact.stdout.includes("is whole")], [0, true]);
  // In every copy: SQLite leaves what it has moved in places that it no longer reads.
  const changed = readFileSync(journal, "latin1").replaceAll("Mathematics", "mathematics");
  writeFileSync(journal, changed, "latin1");
  const { code, stdout } = await repository.run(["audit", "--journal", "--json"]);
  const audit = JSON.parse(stdout) as Record<string, unknown>;
  assert.deepEqual([code, audit["ok"], audit["position"]], [7, false, 1]);
});

suite("a run that is done", () => {
  let repository: TestRepository;
  let summary: RunSummary;
  before(async () => {
    repository = createTestRepository();
    const agent = await installMockAgent(repository, "honest_work");
    summary = summaryOf(await repository.run(["run", "plan.md", ...agent, ...TEST_GATE, "--json"]));
  });
  after(() => repository[Symbol.dispose]());

  test("status --json says what the run's end said", async () => {
    const { stdout } = await repository.run(["status", "--json"]);
    const status = JSON.parse(stdout) as Record<string, unknown>;
    const { run, iterations, cost, branch } = summary;
    assert.deepEqual(
      [status["run"], status["state"], status["alive"], status["iterations"], status["cost"], status["branch"]],
      [run, "done", false, iterations, cost, branch],
    );
  });

  test("status --all lists it", async () => {
    const { stdout } = await repository.run(["status", "--all"]);
    assert.match(stdout, new RegExp(`${summary.run}.*done.*1/1`));
  });

  test("logs prints its events, for people and for programs", async () => {
    const people = await repository.run(["logs"]);
    const programs = await repository.run(["logs", "--json"]);
    assert.match(people.stdout, /test.*passed/);
    const types = programs.stdout
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { readonly type: string }).type);
    assert.deepEqual([types[0], types.at(-1)], ["run_created", "run_ended"]);
  });

  test("report prints what the run wrote", async () => {
    const markdown = await repository.run(["report"]);
    assert.equal(markdown.stdout, readFileSync(summary.report ?? "", "utf8"));
    const json = await repository.run(["report", "--format", "json"]);
    assert.equal((JSON.parse(json.stdout) as Report).tokens.total.value, summary.tokens);
    const file = join(repository.folder, "report.html");
    assert.equal((await repository.run(["report", "--format", "html", "-o", file])).code, 0);
    assert.match(readFileSync(file, "utf8"), /^<!doctype html>/i);
  });

  test("its own report stands its own audit", async () => {
    const { code, stdout } = await repository.run(["audit", summary.report ?? ""]);
    assert.equal(code, 0, stdout);
  });

  test("audit tells what of somebody's report is so", async () => {
    const file = join(repository.folder, "REPORT.md");
    const audit = async (...lines: readonly string[]): Promise<number | null> => {
      writeFileSync(file, `# Report\n\n${lines.join("\n\n")}\n`);
      return (await repository.run(["audit", file])).code;
    };
    const cost = `It cost $${summary.cost.toFixed(4)}.`;
    assert.equal(await audit("3 tests passed.", cost), 0);
    assert.equal(await audit("30 tests passed.", cost), 7);
  });

  test("it can't be taken for a run that must be resumed", async () => {
    const end = await repository.run(["resume"]);
    assert.deepEqual([end.code, end.stdout.includes("done")], [0, true], end.stderr);
  });

  test("the command that its end names takes the work over", () => {
    const { takeOver = "" } = summary;
    const [program, ...words] = takeOver.split(" ");
    assert.equal(program, "git");
    repository.git(...words);
    assert.match(readFileSync(join(repository.root, "src/math.mjs"), "utf8"), /subtract/);
    assert.match(readFileSync(join(repository.root, "plan.md"), "utf8"), /\[x\]/);
  });
});
