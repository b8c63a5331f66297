/**
 * The completion suite: how a run ends, case by case, with real processes, git and gates. A claim that is not borne out must never
 * end `done`, and work that is must.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { EndReason, FindingName } from "@cloister/core";
import { runCase, SAMPLE_PLAN, type RunCase } from "../harness/run-case.ts";

type Case = Omit<RunCase, "scenario"> & {
  readonly name: string;
  readonly scenario: RunCase["scenario"];
  readonly reason: EndReason;
  readonly iterations?: number;
  readonly finding?: FindingName;
};

const RED_TEST = `import assert from "node:assert/strict";\nimport { test } from "node:test";\n\ntest("was red before", () => assert.equal(1, 2));\n`;
const TWO = { maxIterations: 2 };
const EMPTY_PROJECT = {
  "package.json": '{"name":"empty","private":true,"type":"module","scripts":{"test":"node --test none/*.test.mjs"}}\n',
};

const CASES: readonly Case[] = [
  // Work that is borne out
  { name: "honest work, claimed by the line", scenario: "honest_work", reason: "done", iterations: 1 },
  { name: "honest work, claimed by the promise", scenario: "honest_promise", reason: "done", iterations: 1 },
  { name: "a false claim, then the work", scenario: "lies_then_works", reason: "done", iterations: 2 },
  { name: "a crash, then the work", scenario: "crashes_then_works", reason: "done", iterations: 2 },
  {
    name: "a rate limit with reset time, then the work",
    scenario: "rate_limited_then_works",
    reason: "done",
    iterations: 2,
  },
  { name: "retries of the agent's own, then the work", scenario: "retries_then_works", reason: "done", iterations: 1 },
  {
    name: "tests that were red before",
    scenario: "honest_work",
    files: { "test/old.test.mjs": RED_TEST },
    reason: "done",
    iterations: 1,
  },
  {
    name: "a gate that was red before beside one that passes",
    scenario: "honest_work",
    gates: ["test=npm test --silent", "old=exit 3"],
    reason: "done",
  },
  { name: "a flaky test beside the work", scenario: "flaky_test", reason: "done", finding: "test_flaky" },
  { name: "the result, then a hang", scenario: "result_then_hang", reason: "done", iterations: 1 },
  {
    name: "a grandchild that holds the output open",
    scenario: "grandchild_holds_stdout",
    reason: "done",
    iterations: 1,
  },
  { name: "an escapee in a session of its own", scenario: "setsid_escapee", reason: "done", iterations: 1 },
  { name: "an escapee without environment", scenario: "unmarked_escapee", reason: "done", iterations: 1 },
  { name: "an agent that reads its input to the end", scenario: "reads_stdin", reason: "done", iterations: 1 },
  { name: "bytes that are not UTF-8", scenario: "invalid_utf8", reason: "done", iterations: 1 },
  { name: "a line of 50 MB", scenario: "long_line", reason: "done", iterations: 1 },
  { name: "lines that are not JSON", scenario: "not_json", reason: "done", iterations: 1 },
  { name: "a chatty standard error", scenario: "chatty_stderr", reason: "done", iterations: 1 },
  { name: "honest work through codex", scenario: "honest_work", as: "codex", reason: "done", iterations: 1 },
  { name: "honest work through gemini", scenario: "honest_work", as: "gemini", reason: "done", iterations: 1 },
  { name: "honest work through opencode", scenario: "honest_work", as: "opencode", reason: "done", iterations: 1 },
  { name: "honest work through copilot", scenario: "honest_work", as: "copilot", reason: "done", iterations: 1 },
  { name: "honest work through qwen", scenario: "honest_work", as: "qwen", reason: "done", iterations: 1 },
  { name: "honest work through kiro", scenario: "honest_work", as: "kiro", reason: "done", iterations: 1 },
  { name: "honest work through any program", scenario: "honest_work", as: "command", reason: "done", iterations: 1 },

  // Tokens that are no claim
  { name: "work without a claim", scenario: "work_without_claim", limits: TWO, reason: "iteration_limit" },
  { name: "the token in a tool's result", scenario: "claim_in_tool_result", limits: TWO, reason: "iteration_limit" },
  { name: "the token in an echoed prompt", scenario: "claim_in_prompt", limits: TWO, reason: "iteration_limit" },
  { name: "the token in a file", scenario: "claim_in_file", limits: TWO, reason: "iteration_limit" },
  { name: "the token in a thought", scenario: "claim_in_thinking", limits: TWO, reason: "iteration_limit" },
  {
    name: "the token in a message that is not the last",
    scenario: "claim_not_last",
    limits: TWO,
    reason: "iteration_limit",
  },
  { name: "a claim, then a bad exit", scenario: "claim_then_bad_exit", reason: "circuit_open" },

  // Claims that are not borne out
  { name: "a claim without a change", scenario: "claim_without_diff", reason: "stalled", iterations: 3 },
  { name: "a claim with a red gate", scenario: "broken_code", limits: TWO, reason: "iteration_limit" },
  { name: "a claim over code that does not parse", scenario: "syntax_error", limits: TWO, reason: "iteration_limit" },
  {
    name: "a claim where every gate was red before",
    scenario: "honest_work",
    gates: ["feature=test -f done.txt"],
    limits: TWO,
    reason: "iteration_limit",
  },
  {
    name: "a claim where there is no gate",
    scenario: "honest_work",
    gates: [],
    files: { "cloister.yaml": "gates: []\n" },
    reason: "unverified",
  },
  { name: "a gate that executes no tests", scenario: "honest_work", files: EMPTY_PROJECT, reason: "inconclusive" },
  {
    name: "a gate whose program is not there",
    scenario: "honest_work",
    gates: ["test=no-such-program"],
    reason: "inconclusive",
  },
  {
    name: "a gate that does not end",
    scenario: "gate_never_ends",
    gates: [],
    plan: `---\ngates:\n  slow: { command: "npm test --silent", timeout: 2s }\n---\n${SAMPLE_PLAN}`,
    limits: { maxIterations: 1 },
    reason: "inconclusive",
  },
  { name: "tests deleted", scenario: "test_deleted", limits: TWO, reason: "iteration_limit", finding: "tests_removed" },
  { name: "all tests deleted", scenario: "zero_tests", reason: "inconclusive" },
  { name: "tests skipped", scenario: "test_skipped", limits: TWO, reason: "inconclusive", finding: "tests_skipped" },
  {
    name: "tests weakened",
    scenario: "test_weakened",
    limits: TWO,
    reason: "iteration_limit",
    finding: "tests_weakened",
  },
  {
    name: "a new test that passes without the change",
    scenario: "vacuous_test",
    limits: TWO,
    reason: "iteration_limit",
    finding: "tests_not_witnessed",
  },
  {
    name: "the test command replaced",
    scenario: "runner_replaced",
    limits: TWO,
    reason: "iteration_limit",
    finding: "gate_config_changed",
  },
  {
    name: "the test command's failure ignored",
    scenario: "failure_ignored",
    limits: TWO,
    reason: "iteration_limit",
    finding: "gate_config_changed",
  },
  {
    name: "the test command sent to a program that is not there",
    scenario: "gate_program_missing",
    limits: TWO,
    reason: "inconclusive",
    finding: "gate_config_changed",
  },

  // Failing agents and limits
  {
    name: "an agent that always crashes",
    scenario: "crashes",
    limits: { maxIterations: 20 },
    reason: "circuit_open",
    iterations: 4,
  },
  {
    name: "an agent that is killed",
    scenario: "killed_by_signal",
    limits: { maxIterations: 20 },
    reason: "circuit_open",
  },
  {
    name: "an agent that says nothing at all",
    scenario: "prints_nothing",
    limits: { maxIterations: 20 },
    reason: "circuit_open",
  },
  { name: "an agent that is not logged in", scenario: "auth_failed", reason: "agent_failing", iterations: 1 },
  { name: "a provider that is always overloaded", scenario: "overloaded", reason: "agent_failing", iterations: 3 },
  { name: "a provider that can't be reached", scenario: "network_down", reason: "agent_failing", iterations: 3 },
  { name: "a provider whose credit is used up", scenario: "budget_spent", reason: "budget_exhausted", iterations: 1 },
  {
    name: "the iteration limit",
    scenario: "claim_in_file",
    limits: { maxIterations: 1 },
    reason: "iteration_limit",
    iterations: 1,
  },
  {
    name: "the cost limit",
    scenario: "expensive",
    limits: { maxIterations: 20, maxCost: 1_000_000 as never },
    reason: "budget_exhausted",
  },
  {
    name: "the token limit",
    scenario: "expensive",
    limits: { maxIterations: 20, maxTokens: 1000 },
    reason: "budget_exhausted",
  },
  {
    name: "the idle limit",
    scenario: "hangs_silently",
    limits: { maxIterations: 1, idleTimeoutMs: 300 },
    reason: "agent_failing",
  },
  {
    name: "the iteration's time limit",
    scenario: "ignores_term",
    limits: { maxIterations: 1, iterationTimeoutMs: 500 },
    reason: "agent_failing",
  },
  { name: "the run's time limit", scenario: "hangs_silently", limits: { maxRuntimeMs: 700 }, reason: "time_limit" },
];

for (const { name, reason, iterations, finding, ...rest } of CASES) {
  test(`${name}: ${reason}`, async () => {
    using result = await runCase(rest);
    const { summary, findings } = result;
    assert.equal(summary.reason, reason, JSON.stringify(summary));
    if (iterations !== undefined) assert.equal(summary.iterations, iterations);
    if (finding !== undefined)
      assert.ok(findings.includes(finding), `expected ${finding}, found ${findings.join(", ") || "nothing"}`);
    const plan = result.repository.git(["show", `${summary.branch}:plan.md`]);
    assert.equal(
      plan.includes("[x]"),
      reason === "done",
      "progress is written where, and only where, the task is proven",
    );
  });
}
