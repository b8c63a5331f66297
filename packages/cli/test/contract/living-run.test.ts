/** Commands that speak to a run while it lives, from another process. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { findScenario, type Step } from "@cloister/testkit";
import { eventsOfType, summaryOf, type CliProcess } from "../harness/cli-process.ts";
import { installMockAgent, TEST_GATE } from "../harness/mock-agent.ts";
import { createTestRepository, type TestRepository } from "../harness/test-repository.ts";

/** A run whose first iteration goes on until it is let go, and claims nothing; its second does the task. */
async function startHeldRun(repository: TestRepository): Promise<{ process: CliProcess; letGo: () => void }> {
  const gate = join(repository.folder, "go");
  const [work = []] = findScenario("honest_work").calls;
  const held: readonly Step[] = [
    { type: "shell", command: `while [ ! -e '${gate}' ]; do sleep 0.05; done` },
    { type: "message", text: "There is more to do." },
  ];
  const agent = await installMockAgent(repository, { calls: [held, work] });
  const process = repository.start(["run", "plan.md", ...agent, ...TEST_GATE, "--json"]);
  await process.hasPrinted("agent_started");
  return { process, letGo: () => writeFileSync(gate, "") };
}

test("a run is paused after its iteration, steered, and let go on; the remark is in the next prompt", async () => {
  using repository = createTestRepository();
  const { process, letGo } = await startHeldRun(repository);
  const { root, run } = repository;
  assert.equal((await run(["pause"])).code, 0);
  await process.hasPrinted("run_paused");
  assert.equal((await run(["steer", "Mind", "the sign of zero"])).code, 0);
  letGo();
  await process.hasPrinted("iteration_ended");
  const standing = JSON.parse((await run(["status", "--json"])).stdout) as Record<string, unknown>;
  assert.deepEqual([standing["state"], standing["alive"]], ["paused", true]);
  assert.equal(eventsOfType({ stdout: process.output() }, "iteration_started").length, 1, "it waits");

  const resumed = JSON.parse((await run(["resume", "--json"])).stdout) as Record<string, unknown>;
  assert.equal(resumed["alive"], true);
  const end = await process.ended;
  assert.equal(end.code, 0, end.stderr);
  const { run: id, iterations } = summaryOf(end);
  assert.equal(iterations, 2);
  const prompt = (number: number): string =>
    readFileSync(join(root, ".cloister", "runs", id, "iterations", String(number), "prompt.md"), "utf8");
  assert.doesNotMatch(prompt(1), /Mind the sign of zero/);
  assert.match(prompt(2), /Mind the sign of zero/);
});

test("a run that lives can't be resumed by another process", async () => {
  using repository = createTestRepository();
  const { process, letGo } = await startHeldRun(repository);
  const second = await repository.run(["resume"]);
  assert.equal(second.code, 2);
  assert.match(second.stderr, new RegExp(`at work in process ${process.pid}`));
  letGo();
  assert.equal((await process.ended).code, 0);
});

test("logs -f prints what happens until the run ends", async () => {
  using repository = createTestRepository();
  const { process, letGo } = await startHeldRun(repository);
  const follower = repository.start(["logs", "-f", "--json"]);
  await follower.hasPrinted("agent_started");
  letGo();
  const [followed, end] = await Promise.all([follower.ended, process.ended]);
  const lines = end.stdout.trim().split("\n").slice(0, -1);
  assert.deepEqual(followed.stdout.trim().split("\n"), lines, "it prints the very events of the run");
});

test("a stop that came when nothing was at work does not stop the next resume", async () => {
  using repository = createTestRepository();
  const agent = await installMockAgent(repository, "lies_then_works");
  const first = await repository.run(["run", "plan.md", ...agent, ...TEST_GATE, "--max-iterations", "1", "--json"]);
  assert.equal(first.code, 3, first.stderr);
  for (const options of [[], ["--now"]]) {
    const stopped = await repository.run(["stop", ...options]);
    assert.match(stopped.stdout, /not at work/);
  }
  const end = await repository.run(["resume", "--max-iterations", "5", "--json"]);
  assert.equal(end.code, 0, end.stderr);
});
