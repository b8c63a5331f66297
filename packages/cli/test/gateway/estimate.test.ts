/** What a plan may cost is said beforehand, once there is a run to tell it from. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseScript, startModelServer } from "@cloister/testkit";
import { summaryOf } from "../harness/cli-process.ts";
import { createTestRepository } from "../harness/test-repository.ts";

const SCRIPT = JSON.stringify({
  usage: { input: 30_000, cacheRead: 0, cacheWrite: 0, output: 1000, reasoning: 0 },
  conversations: [
    { turns: [{ calls: [{ shell: "echo 'export const more = 1;' >> src/math.mjs" }] }], final: "TASK_COMPLETE" },
  ],
});

test("the cost of a plan is estimated from what its repository's earlier runs cost", async () => {
  await using server = await startModelServer({ script: parseScript(SCRIPT) });
  const env = { ANTHROPIC_API_KEY: "no-secret", ANTHROPIC_BASE_URL: server.url };
  using repository = createTestRepository({ env });
  const args = ["run", "plan.md", "--agent", "builtin", "--gate", "there=grep more src/math.mjs"];
  const dryRun = async (): Promise<unknown> => {
    const { stdout } = await repository.run([...args, "--dry-run", "--json"]);
    return (JSON.parse(stdout) as { estimate: unknown }).estimate;
  };

  assert.deepEqual(await dryRun(), { type: "no_history" });
  assert.match((await repository.run([...args, "--dry-run"])).stdout, /^Estimated cost {2}no history yet$/m);
  const first = await repository.run([...args, "--json"]);
  assert.equal(first.code, 0, first.stderr);
  assert.doesNotMatch(first.stderr, /Estimated/);

  const { cost } = summaryOf(first);
  assert.ok(cost > 0);
  assert.deepEqual(await dryRun(), { type: "estimate", samples: 1, low: cost, likely: cost, high: cost });
  const words = `about \\$${cost.toFixed(4)}, from 1 completed task of earlier runs`;
  assert.match((await repository.run([...args, "--dry-run"])).stdout, new RegExp(`^Estimated cost {2}${words}$`, "m"));
  const second = await repository.run([...args, "--json"]);
  assert.match(second.stderr, new RegExp(`^Estimated cost: ${words}\\.$`, "m"));
});
