/** A day's budget counts every run of a user, whichever repository it is of. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startModelServer } from "@cloister/testkit";
import { eventsOfType, summaryOf } from "../harness/cli-process.ts";
import { agentEnvironment, createTextTools, readTextToolsScript } from "../real-agents/text-tools.ts";

const RUN = ["run", "plan.md", "--agent", "builtin", "--model", "anthropic/claude-opus-5-5", "--json"];

test("a day's budget that one run has used up stops the next one before its first request; raised, it goes on", async (context) => {
  const state = mkdtempSync(join(tmpdir(), "cloister-day-"));
  context.after(() => rmSync(state, { recursive: true, force: true }));
  await using server = await startModelServer({ script: readTextToolsScript() });
  const env = {
    ...agentEnvironment(server.url),
    CLOISTER_STATE_HOME: state,
    CLOISTER_GATEWAY_BUDGETS_DAY_MAX_COST: "0.000001",
  };
  using first = createTextTools(env);
  assert.equal((await first.run(RUN)).code, 5);
  assert.equal(server.requests.length, 1);

  using second = createTextTools(env);
  const refused = await second.run(RUN);
  assert.equal(refused.code, 5, refused.stderr);
  assert.equal(server.requests.length, 1, "the provider was not asked again");
  assert.match(summaryOf(refused).detail ?? "", /Today's budget/);
  assert.equal(eventsOfType(refused, "request_refused")[0]?.scope, "day");

  const raised = { env: { CLOISTER_GATEWAY_BUDGETS_DAY_MAX_COST: "100" } };
  const end = await first.run(["resume", "--json"], raised);
  assert.equal(end.code, 0, end.stderr + end.stdout.slice(-2000));
  assert.deepEqual(summaryOf(end).usage, server.usageTotals.total);
});
