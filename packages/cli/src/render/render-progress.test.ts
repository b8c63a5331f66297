import assert from "node:assert/strict";
import { test } from "node:test";
import { fromUsd, NO_USAGE, type RunEvent, scriptCharter, scriptTask, type StampedEvent, taskId } from "@cloister/core";
import { displayWidth } from "./plain-text.ts";
import { followProgress, NO_PROGRESS, type Progress, withActivity } from "./progress.ts";
import { renderProgress, type View } from "./render-progress.ts";

const START = 1_000_000_000_000;
const OUTPUT = { sha256: "0".repeat(64), bytes: 0 };
const STARTED: RunEvent = {
  type: "iteration_started",
  iteration: 1,
  task: taskId("a"),
  phase: "implement",
  prompt: OUTPUT,
  head: "f",
};
const PREPARED: readonly RunEvent[] = [
  { type: "workspace_prepared", head: "f" },
  { type: "baseline_recorded", gates: [], marks: { todo: 0, fixme: 0 } },
];

function view(changes: Partial<View> = {}): View {
  return { columns: 80, rows: 24, now: START + 65_000, paint: (_, text) => text, ...changes };
}

/** The model after a run over `ids` and what happened in it, all at its start. */
function progressOf(
  ids: readonly string[],
  events: readonly RunEvent[],
  limits: object = { maxIterations: 20 },
): Progress {
  const charter = scriptCharter(
    ids.map((id) => scriptTask(id)),
    { limits },
  );
  const stamped = [{ type: "run_created", charter } as const, ...PREPARED, ...events].map((event): StampedEvent => ({
    time: START,
    event,
  }));
  return stamped.reduce(followProgress, NO_PROGRESS);
}

test("before the first event the view says what is being prepared", () => {
  assert.deepEqual(renderProgress(withActivity(NO_PROGRESS, "looking\nfor gates"), view()), ["looking for gates"]);
});

test("the view shows tasks, iteration, phase, elapsed time, the agent's last action, money and tokens", () => {
  const usage = { ...NO_USAGE, input: 1000, output: 234 };
  const progress = progressOf(
    ["a", "b"],
    [
      STARTED,
      { type: "agent_started", iteration: 1, pid: 7 },
      { type: "agent_reported", iteration: 1, event: { type: "usage", usage, cost: fromUsd(0.5) } },
      { type: "agent_reported", iteration: 1, event: { type: "tool_called", tool: "Bash", summary: "npm test" } },
    ],
    { maxIterations: 20, maxCost: fromUsd(5) },
  );
  assert.deepEqual(renderProgress(progress, view()), [
    "20260107-090000-test · command",
    "▸ a  Task a  (implement, 1 iteration)",
    "· b  Task b",
    "iteration 1 of 20 · implement · 1m 05s · agent at work",
    "agent Bash npm test",
    "1m 05s · $0.5000 of $5.00 · 1.2k tokens",
  ]);
});

test("a running gate is what goes on", () => {
  const progress = progressOf(["a"], [STARTED, { type: "gate_started", iteration: 1, gate: "tests" }]);
  assert.match(renderProgress(progress, view()).join("\n"), /running gate tests/);
});

const WAITS: readonly (readonly [name: string, events: readonly RunEvent[], shown: RegExp])[] = [
  ["paused", [{ type: "run_paused" }], /^paused · `cloister resume` goes on$/m],
  [
    "held by a rate limit",
    [{ type: "retry_scheduled", failure: "rate_limit", attempt: 1, until: START + 125_000 }],
    /^waiting until \d\d:\d\d:\d\d \(1m 00s left\): rate limit$/m,
  ],
  [
    "held by an open circuit",
    [{ type: "breaker_opened", until: START + 70_000, opens: 1 }],
    /^waiting until .* \(5s left\): circuit open$/m,
  ],
];

for (const [name, events, shown] of WAITS)
  test(`a run that is ${name} says so`, () => {
    assert.match(renderProgress(progressOf(["a"], events), view()).join("\n"), shown);
  });

test("the last action does not outlive its iteration", () => {
  const said: RunEvent = { type: "agent_reported", iteration: 1, event: { type: "message", text: "old news" } };
  const progress = progressOf(["a"], [STARTED, said, { ...STARTED, iteration: 2 }]);
  assert.doesNotMatch(renderProgress(progress, view()).join("\n"), /old news/);
});

test("no line is wider than the terminal, whatever titles and agents say", () => {
  const hostile = `${"日本".repeat(200)}\u001B[31m\n\u202E${"x".repeat(1000)}`;
  const charter = scriptCharter([scriptTask("a", { title: hostile })]);
  const said: RunEvent = { type: "agent_reported", iteration: 1, event: { type: "message", text: hostile } };
  const events = [{ type: "run_created", charter } as const, ...PREPARED, STARTED, said];
  const progress = events.map((event): StampedEvent => ({ time: START, event })).reduce(followProgress, NO_PROGRESS);
  for (const columns of [20, 40, 80, 200])
    for (const line of renderProgress(progress, view({ columns }))) {
      assert.ok(displayWidth(line) < columns, `${columns} columns: ${line}`);
      assert.doesNotMatch(line, /\p{Cc}|\u202E/u);
    }
});

test("of many tasks those around the current one are shown, within the terminal's height", () => {
  const ids = Array.from({ length: 50 }, (_, index) => `t${index}`);
  const done = ids.slice(0, 20).map((id): RunEvent => ({ type: "task_completed", task: taskId(id), iteration: 1 }));
  const lines = renderProgress(progressOf(ids, [...done, { ...STARTED, task: taskId("t20") }]), view({ rows: 16 }));
  assert.ok(lines.length < 16, `${lines.length} lines`);
  assert.match(lines.join("\n"), /… 19 tasks above\n✓ t19 .*\n▸ t20 [\s\S]*… 22 tasks below/);
});
