/** A run that is killed while a request is under way: what was promised is charged, and the run goes on. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseScript, startModelServer } from "@cloister/testkit";
import { eventsOfType, summaryOf } from "../harness/cli-process.ts";
import { createTestRepository } from "../harness/test-repository.ts";

const SCRIPT = JSON.stringify({
  usage: { input: 1000, cacheRead: 0, cacheWrite: 0, output: 100, reasoning: 0 },
  // The run is dead long before the answer comes.
  delay: { firstByteMs: 1500, betweenChunksMs: 0 },
  conversations: [
    { turns: [{ calls: [{ shell: "echo 'export const more = 1;' >> src/math.mjs" }] }], final: "TASK_COMPLETE" },
  ],
});

test("loses no promised cent when it is killed in the middle of a request, and finishes when it is resumed", async () => {
  await using server = await startModelServer({ script: parseScript(SCRIPT) });
  const env = { ANTHROPIC_API_KEY: "no-secret", ANTHROPIC_BASE_URL: server.url };
  using repository = createTestRepository({ env });
  const args = ["run", "plan.md", "--agent", "builtin", "--gate", "there=grep more src/math.mjs", "--json"];
  const killed = repository.start(args);
  const promised = await killed.hasPrinted("request_reserved");
  killed.kill("SIGKILL");
  await killed.ended;

  const resumed = await repository.run(["resume", "--json"]);
  assert.equal(resumed.code, 0, resumed.stderr + resumed.stdout.slice(-2000));
  const [lost, ...others] = eventsOfType(resumed, "request_settled");
  assert.deepEqual([lost?.request, lost?.completeness, lost?.cost], [promised.request, "lost", promised.reserved.cost]);
  assert.ok(others.every(({ completeness }) => completeness === "whole"));
  const sum = [lost, ...others].reduce((total, settled) => total + (settled?.cost ?? 0), 0);
  assert.equal(Math.round(summaryOf(resumed).cost * 1e6), sum);
});
