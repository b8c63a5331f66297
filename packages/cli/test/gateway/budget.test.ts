/**
 * The real Claude Code, Codex and Gemini CLIs, and the builtin agent, on a budget that their first request uses up: each stops within
 * one request, the run ends with exit code 5, and finishes once the budget is raised.
 */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { startModelServer } from "@cloister/testkit";
import { eventsOfType, summaryOf } from "../harness/cli-process.ts";
import { agentEnvironment, createTextTools, readTextToolsScript } from "../real-agents/text-tools.ts";

const CASES: readonly (readonly string[])[] = [
  ["--agent", "claude"],
  ["--agent", "codex", "--model", "gpt-5.5"],
  ["--agent", "gemini", "--model", "gemini-2.5-flash"],
  ["--agent", "builtin", "--model", "anthropic/claude-opus-5-5"],
];

suite("a budget that one request uses up", { concurrency: 2 }, () => {
  for (const agent of CASES) {
    test(`stops ${agent[1]} within one request; raised and resumed, it finishes`, async () => {
      await using server = await startModelServer({ script: readTextToolsScript() });
      using repository = createTextTools(agentEnvironment(server.url));
      const started = performance.now();
      const end = await repository.run(["run", "plan.md", ...agent, "--max-cost", "0.000001", "--json"]);
      assert.equal(end.code, 5, end.stderr + end.stdout.slice(-2000));
      assert.ok(performance.now() - started < 30_000, "it was told in a way that it understands");
      assert.equal(summaryOf(end).reason, "budget_exhausted");
      assert.equal(server.requests.length, 1, "the provider was asked once");
      const [settled, more] = eventsOfType(end, "request_settled");
      assert.equal(more, undefined);
      assert.deepEqual(settled?.usage, server.requests[0]?.usage);
      assert.equal(Math.round(summaryOf(end).cost * 1e6), settled?.cost);

      const raised = await repository.run(["resume", "--max-cost", "10", "--json"]);
      assert.equal(raised.code, 0, raised.stderr + raised.stdout.slice(-2000));
      const { usage, tasks } = summaryOf(raised);
      assert.deepEqual(tasks, { total: 3, done: 3, blocked: 0 });
      assert.deepEqual(usage, server.usageTotals.total, "nothing is lost, nothing counted twice");
    });
  }
});
