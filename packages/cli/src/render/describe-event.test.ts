import assert from "node:assert/strict";
import { test } from "node:test";
import { fromUsd, NO_USAGE, type RunEvent, scriptCharter, scriptTask, taskId } from "@cloister/core";
import { describeEvent, type Tone } from "./describe-event.ts";

const OUTPUT = { sha256: "0".repeat(64), bytes: 0 };
const GATE = { gate: "tests", newFailures: [], oldFailures: [], durationMs: 1200, output: OUTPUT, excerpt: "" };
const ENDED = {
  type: "agent_ended",
  iteration: 2,
  outcome: { type: "finished" },
  claimed: true,
  finalMessage: "TASK_COMPLETE",
  usage: { ...NO_USAGE, input: 1000, output: 500 },
  cost: fromUsd(0.25),
  costFrom: "agent",
  durationMs: 61_000,
  exitCode: 0,
  signal: null,
  survivors: 0,
  output: OUTPUT,
} as const satisfies RunEvent;

const LINES: readonly (readonly [name: string, event: RunEvent, tone: Tone, text: string])[] = [
  [
    "a new run",
    { type: "run_created", charter: scriptCharter([scriptTask("a"), scriptTask("b")]) },
    "plain",
    "run 20260107-090000-test: 2 tasks, agent command, gates tests",
  ],
  [
    "an iteration",
    { type: "iteration_started", iteration: 3, task: taskId("parser"), phase: "implement", prompt: OUTPUT, head: "f" },
    "plain",
    "#3 implement task parser",
  ],
  ["an agent that claims", ENDED, "plain", "#2 agent ended, claiming the task after 1m 01s, 1.5k tokens, $0.2500"],
  [
    "an agent of unknown cost that left processes behind",
    { ...ENDED, claimed: false, costFrom: "unknown", survivors: 2 },
    "plain",
    "#2 agent ended without a claim after 1m 01s, 1.5k tokens, cost unknown, 2 left-over processes ended",
  ],
  [
    "an agent that failed",
    { ...ENDED, outcome: { type: "failed", failure: "rate_limit", message: "try later" } },
    "warning",
    "#2 agent failed (rate_limit: try later) after 1m 01s, 1.5k tokens, $0.2500",
  ],
  [
    "a gate that passed",
    {
      type: "gate_judged",
      iteration: 1,
      judged: { ...GATE, outcome: "passed", counts: { passed: 4, failed: 0, skipped: 1 } },
    },
    "good",
    "#1 gate tests passed, 4 passed, 0 failed in 1.2s",
  ],
  [
    "a gate that failed, with the first of the new failures",
    { type: "gate_judged", iteration: 1, judged: { ...GATE, outcome: "failed", newFailures: ["a", "b", "c", "d"] } },
    "bad",
    "#1 gate tests failed in 1.2s: a, b, c, …",
  ],
  [
    "a gate that gave no verdict, with the reason",
    {
      type: "gate_judged",
      iteration: 1,
      judged: { ...GATE, outcome: "inconclusive", inconclusive: "command_not_found" },
    },
    "warning",
    "#1 gate tests inconclusive (command not found) in 1.2s",
  ],
  [
    "a claim that is sent back",
    {
      type: "iteration_judged",
      iteration: 4,
      verdict: { type: "rejected", because: [{ type: "no_change" }, { type: "gate_failed", gate: "tests" }] },
    },
    "bad",
    "#4 sent back: nothing was changed, gate tests failed",
  ],
  [
    "a finding that does not block",
    { type: "finding_raised", iteration: 1, finding: { name: "test_flaky", message: "t flips." }, blocks: false },
    "warning",
    "#1 finding test_flaky: t flips. (does not block)",
  ],
  [
    "a proven task",
    { type: "task_completed", task: taskId("a"), iteration: 5 },
    "good",
    "task a is done, proven by iteration 5",
  ],
  [
    "the end short of the goal",
    { type: "run_ended", reason: "budget_exhausted", detail: "cost reached the limit of $1.00" },
    "bad",
    "The budget was spent before every task was done. (cost reached the limit of $1.00)",
  ],
];

for (const [name, event, tone, text] of LINES)
  test(`a line says: ${name}`, () => assert.deepEqual(describeEvent(event), { tone, text }));

const SILENT: readonly RunEvent[] = [
  { type: "checkpoint_started", iteration: 1, tree: "t" },
  { type: "agent_reported", iteration: 1, event: { type: "thought", text: "hm" } },
  { type: "agent_reported", iteration: 1, event: { type: "usage", usage: NO_USAGE } },
  { type: "agent_reported", iteration: 1, event: { type: "finished", ok: true } },
];

for (const event of SILENT)
  test(`nothing is printed for ${JSON.stringify(event)}`, () => assert.equal(describeEvent(event), undefined));

test("what an agent says comes out as one harmless line", () => {
  const text = `first\nsecond \u001B[2J\u001B]0;title\u0007\u202Ethird ${"x".repeat(100_000)}`;
  const line = describeEvent({ type: "agent_reported", iteration: 1, event: { type: "message", text } });
  assert.match(line?.text ?? "", /^#1 agent says: first second third x+$/);
  assert.ok((line?.text.length ?? 0) < 500);
});
