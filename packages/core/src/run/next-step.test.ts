import assert from "node:assert/strict";
import { test } from "node:test";
import { fromUsd } from "../money.ts";
import type { RunEvent } from "./event.ts";
import { evolve, replay } from "./evolve.ts";
import { nextStep } from "./next-step.ts";
import type { RunState } from "./state.ts";
import { sampleCharter, sampleTask, type SampleCharter } from "./testing/samples.ts";

const READY: readonly RunEvent[] = [
  { type: "workspace_prepared", head: "base" },
  { type: "baseline_recorded", gates: [], marks: { todo: 0, fixme: 0 } },
];
const [ONE, TWO] = [sampleTask("one"), sampleTask("two")];

function given(events: readonly RunEvent[], charter: SampleCharter = {}): RunState {
  const all: readonly RunEvent[] = [{ type: "run_created", charter: sampleCharter(charter) }, ...events];
  const state = replay(all.map((event, index) => ({ time: index, event })));
  assert.ok(state !== undefined);
  return state;
}

function started(iteration: number): RunEvent {
  return {
    type: "iteration_started",
    iteration,
    task: ONE.id,
    phase: "implement",
    prompt: { sha256: "", bytes: 0 },
    head: "base",
  };
}

type Case = {
  readonly name: string;
  readonly events: readonly RunEvent[];
  readonly charter?: SampleCharter;
  readonly now?: number;
  readonly step: string;
};

const CASES: readonly Case[] = [
  { name: "a new run prepares its workspace", events: [], step: "prepare_workspace" },
  { name: "a prepared workspace gets its baseline", events: READY.slice(0, 1), step: "record_baseline" },
  { name: "a ready run works on its first task", events: READY, step: "iterate one implement" },
  { name: "an iteration that was cut off is closed first", events: [...READY, started(1)], step: "recover" },
  {
    name: "a run whose tasks are done ends done",
    events: [{ type: "task_completed", task: ONE.id, iteration: 1 }],
    step: "end done",
  },
  {
    name: "a task waits for what it depends on",
    events: READY,
    charter: { tasks: [sampleTask("two", { dependsOn: [ONE.id] }), ONE] },
    step: "iterate one implement",
  },
  {
    name: "a blocked task is passed over",
    events: [...READY, { type: "task_blocked", task: ONE.id, why: "stalled", detail: "" }],
    charter: { tasks: [ONE, TWO] },
    step: "iterate two implement",
  },
  {
    name: "what waits for a blocked task ends the run for the block's reason",
    events: [...READY, { type: "task_blocked", task: ONE.id, why: "inconclusive", detail: "" }],
    charter: { tasks: [ONE, sampleTask("two", { dependsOn: [ONE.id] })] },
    step: "end inconclusive",
  },
  {
    name: "work that no gate can prove ends unverified",
    events: [...READY, { type: "task_blocked", task: ONE.id, why: "unverified", detail: "" }],
    step: "end unverified",
  },
  {
    name: "the iteration limit ends the run",
    events: READY,
    charter: { limits: { maxIterations: 0 } },
    step: "end iteration_limit",
  },
  {
    name: "the time limit ends the run",
    events: READY,
    charter: { limits: { maxRuntimeMs: 1000 } },
    now: 1001,
    step: "end time_limit",
  },
  {
    name: "a spent budget ends the run",
    events: READY,
    charter: { limits: { maxCost: fromUsd(0) } },
    step: "end budget_exhausted",
  },
  {
    name: "spent tokens end the run",
    events: READY,
    charter: { limits: { maxTokens: 0 } },
    step: "end budget_exhausted",
  },
  { name: "a paused run stands still", events: [...READY, { type: "run_paused" }], step: "pause" },
  {
    name: "a run goes on after a pause",
    events: [...READY, { type: "run_paused" }, { type: "run_unpaused" }],
    step: "iterate one implement",
  },
  {
    name: "a rate limit is waited for until its reset",
    events: [...READY, { type: "retry_scheduled", failure: "rate_limit", attempt: 1, until: 5000 }],
    step: "wait 5000",
  },
  {
    name: "after the reset the run goes on",
    events: [...READY, { type: "retry_scheduled", failure: "rate_limit", attempt: 1, until: 5000 }],
    now: 5000,
    step: "iterate one implement",
  },
  {
    name: "a failed login is not tried again",
    events: [...READY, { type: "retry_scheduled", failure: "auth", attempt: 1, until: 0 }],
    step: "end agent_failing",
  },
  {
    name: "an agent that can't be started ends the run",
    events: [...READY, { type: "retry_scheduled", failure: "unavailable", attempt: 1, until: 0 }],
    step: "end agent_unavailable",
  },
  {
    name: "a provider's spent quota is a spent budget",
    events: [...READY, { type: "retry_scheduled", failure: "budget", attempt: 1, until: 0 }],
    step: "end budget_exhausted",
  },
  {
    name: "an open breaker is waited for",
    events: [...READY, { type: "breaker_opened", until: 9000, opens: 1 }],
    step: "wait 9000",
  },
  {
    name: "a cooled breaker is tried",
    events: [...READY, { type: "breaker_opened", until: 9000, opens: 1 }],
    now: 9000,
    step: "half_open",
  },
  {
    name: "a breaker that opens again ends the run",
    events: [
      ...READY,
      { type: "retry_scheduled", failure: "crash", attempt: 4, until: 0 },
      { type: "breaker_opened", until: 9000, opens: 2 },
    ],
    step: "end circuit_open",
  },
];

function describeStep(state: RunState, now: number): string {
  const step = nextStep(state, now);
  if (step.type === "end") return `end ${step.reason}`;
  if (step.type === "iterate") return `iterate ${step.task.id} ${step.phase}`;
  return step.type === "wait" ? `wait ${step.until}` : step.type;
}

for (const { name, events, charter, now = 100, step } of CASES)
  test(name, () => assert.equal(describeStep(given(events, charter), now), step));

test("time during which no process ran does not count against the time limit", () => {
  const state = given(READY, { limits: { maxRuntimeMs: 1000 } });
  const resumed = evolve(state, { time: 1_000_000, event: { type: "run_resumed", limits: {} } });
  assert.equal(describeStep(resumed, 1_000_100), "iterate one implement");
  assert.equal(describeStep(resumed, 1_001_000), "end time_limit");
});

test("resuming raises a limit and tries blocked tasks again", () => {
  const ended = given(
    [
      ...READY,
      { type: "task_blocked", task: ONE.id, why: "stalled", detail: "" },
      { type: "run_ended", reason: "stalled" },
    ],
    {
      limits: { maxIterations: 0 },
    },
  );
  const resumed = evolve(ended, { time: 50, event: { type: "run_resumed", limits: { maxIterations: 5 } } });
  assert.equal(resumed.ended, undefined);
  assert.equal(describeStep(resumed, 100), "iterate one implement");
});
