/** A run is recorded as it goes; its transcripts stand for the model afterwards, offline. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { startModelServer } from "@cloister/testkit";
import { startGatewayProcess } from "../../src/testing/gateway-process.ts";
import { summaryOf } from "../harness/cli-process.ts";
import { agentEnvironment, createTextTools, readTextToolsScript } from "../real-agents/text-tools.ts";

const RUN = ["run", "plan.md", "--agent", "builtin", "--model", "anthropic/claude-opus-5-5", "--json"];

test("a run is played again from its transcripts, without a provider: same tasks, same tokens, same cost", async (context) => {
  const server = await startModelServer({ script: readTextToolsScript() });
  using first = createTextTools(agentEnvironment(server.url));
  const recorded = summaryOf(await first.run(RUN));
  await server.close();
  const transcripts = join(first.root, ".cloister", "runs", recorded.run, "transcripts");

  const world = { cwd: first.folder, env: first.env };
  const gateway = await startGatewayProcess(["--replay", transcripts], world);
  context.after(() => gateway.end("SIGKILL"));
  const env = { ...agentEnvironment(gateway.url), ANTHROPIC_API_KEY: gateway.token, ANTHROPIC_AUTH_TOKEN: "" };
  using second = createTextTools(env);
  const end = await second.run(RUN);
  assert.equal(end.code, 0, end.stderr + end.stdout.slice(-2000));
  const { tasks, usage, cost, iterations } = summaryOf(end);
  assert.deepEqual(
    { tasks, usage, cost, iterations },
    { tasks: recorded.tasks, usage: recorded.usage, cost: recorded.cost, iterations: recorded.iterations },
  );
});
