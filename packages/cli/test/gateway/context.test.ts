/** A context that fills up: the loop acts before it overflows. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseScript, startModelServer } from "@cloister/testkit";
import { eventsOfType } from "../harness/cli-process.ts";
import { createTestRepository } from "../harness/test-repository.ts";

const SCRIPT = JSON.stringify({
  conversations: [
    {
      attempt: 1,
      turns: [
        { calls: [{ shell: "true" }], usage: { input: 900_000 } },
        { delay: { firstByteMs: 20_000, betweenChunksMs: 0 }, text: "never heard" },
      ],
    },
    { turns: [{ calls: [{ shell: "echo 'export const more = 1;' >> src/math.mjs" }] }], final: "TASK_COMPLETE" },
  ],
});

test("an iteration whose context is nearly full makes way for a fresh one, which is told", async () => {
  await using server = await startModelServer({ script: parseScript(SCRIPT) });
  const env = {
    ANTHROPIC_API_KEY: "no-secret",
    ANTHROPIC_BASE_URL: server.url,
    CLOISTER_GATEWAY_CONTEXT_ACTION: "end",
  };
  using repository = createTestRepository({ env });
  const args = ["run", "plan.md", "--agent", "builtin", "--gate", "there=grep more src/math.mjs", "--json"];
  const end = await repository.run([...args, "--max-iterations", "2"]);
  assert.equal(end.code, 0, end.stderr + end.stdout.slice(-2000));
  const [flagged] = eventsOfType(end, "request_flagged");
  assert.deepEqual([flagged?.kind, flagged?.iteration], ["context_full", 1]);
  const [first, second] = eventsOfType(end, "agent_ended");
  assert.equal(first?.outcome.type === "failed" && first.outcome.failure, "context_overflow");
  assert.equal(second?.claimed, true);
  assert.match(server.requests.at(-1)?.prompt ?? "", /Its context was full/);
});
