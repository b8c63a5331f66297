/**
 * Writes the journal of a run as a loop would, for tests of what reads journals. Facts come from the script; verdicts and what
 * follows from them are decided by the domain itself.
 */
import { NO_USAGE, type TokenUsage } from "../../agent/agent-event.ts";
import type { Finding } from "../../gate/finding.ts";
import { DEFAULT_GUARD_POLICY } from "../../gate/policy.ts";
import type { EvidenceRef, GateOutcome } from "../../gate/result.ts";
import { taskId, type RunId } from "../../ids.ts";
import { fromUsd } from "../../money.ts";
import type { Phase, Task } from "../../plan/plan.ts";
import { closeIteration, gatesOf } from "../../run/decide.ts";
import type { EndReason } from "../../run/end-reason.ts";
import type { AgentOutcome, DiffStat, MarkCounts, RunCharter, RunEvent } from "../../run/event.ts";
import { evolve } from "../../run/evolve.ts";
import { DEFAULT_LOOP_POLICY } from "../../run/policy.ts";
import { taskState, type RunState } from "../../run/state.ts";
import { isGreen, judgeIteration } from "../../run/verdict.ts";
import type { CostSource, PositionedEvent, TestCounts } from "../model.ts";

/** What a gate of a script says. */
export type ScriptedGate = {
  readonly gate: string;
  readonly outcome: GateOutcome;
  readonly tests?: TestCounts;
  readonly newFailures?: readonly string[];
};

/** One iteration of a script. What is left out is the dullest thing that can happen. */
export type ScriptedIteration = {
  readonly task: string;
  readonly phase?: Phase;
  readonly claimed?: boolean;
  readonly finalMessage?: string;
  readonly outcome?: AgentOutcome;
  readonly usage?: Partial<TokenUsage>;
  /** US dollars. */
  readonly cost?: number;
  readonly costFrom?: CostSource;
  readonly survivors?: number;
  /** Undefined: nothing was changed. */
  readonly change?: DiffStat;
  readonly gates?: readonly ScriptedGate[];
  readonly findings?: readonly Finding[];
  /** The checkpoint's commit. */
  readonly commit?: string;
  /** Default: one minute. */
  readonly durationMs?: number;
};

const START = Date.UTC(2026, 0, 7, 9, 0, 0);
const NO_OUTPUT: EvidenceRef = { sha256: "0".repeat(64), bytes: 0 };

/** A task with an id, a title and nothing else. */
export function scriptTask(id: string, changes: Partial<Task> = {}): Task {
  return {
    id: taskId(id),
    title: `Task ${id}`,
    body: "",
    dependsOn: [],
    phases: ["implement"],
    gates: [],
    limits: {},
    allowEmptyDiff: false,
    done: false,
    ...changes,
  };
}

/** The charter of a run over `tasks`, with one gate, `tests`. */
export function scriptCharter(tasks: readonly Task[], changes: Partial<RunCharter> = {}): RunCharter {
  const plan = { format: "prompt", title: "A plan", context: "", gates: undefined, setup: undefined } as const;
  return {
    run: "20260107-090000-test" as RunId,
    plan: { ...plan, tasks, limits: {}, guards: {}, protect: [] },
    planFile: "plan.md",
    agent: { name: "command" },
    repository: "/repository",
    baseCommit: "a".repeat(40),
    branch: "cloister/test",
    workspace: "/workspace",
    inPlace: false,
    limits: { maxIterations: 20 },
    guards: DEFAULT_GUARD_POLICY,
    gates: [{ name: "tests", command: "npm test" }],
    gatesFrom: "plan",
    setup: [],
    protect: [],
    policy: DEFAULT_LOOP_POLICY,
    cloisterVersion: "0.0.0",
    ...changes,
  };
}

/** A journal that grows as the script says. */
export class RunScript {
  readonly events: PositionedEvent[] = [];
  #state: RunState;
  #time = START;
  #iterations = 0;

  constructor(charter: RunCharter) {
    const created: RunEvent = { type: "run_created", charter };
    this.#state = evolve(undefined, { event: created, time: this.#time });
    this.events.push({ position: 1, time: this.#time, event: created });
  }

  get state(): RunState {
    return this.#state;
  }

  /** Lets time pass. */
  wait(milliseconds: number): this {
    this.#time += milliseconds;
    return this;
  }

  add(...events: readonly RunEvent[]): this {
    for (const event of events) {
      this.#state = evolve(this.#state, { event, time: this.#time });
      this.events.push({ position: this.events.length + 1, time: this.#time, event });
    }
    return this;
  }

  /** Workspace and baseline; `tests` is what the gate `tests` said of the base commit. */
  prepare(tests: TestCounts, marks: MarkCounts): this {
    const { baseCommit } = this.#state.charter;
    const cases = { runner: "tap", ...tests, cases: NO_OUTPUT };
    const verdict = tests.failed > 0 ? "failed" : "passed";
    const gate = { gate: "tests", verdict, exitCode: tests.failed, signal: null, durationMs: 900 } as const;
    return this.add(
      { type: "workspace_prepared", head: baseCommit },
      { type: "baseline_started", commit: baseCommit },
      { type: "baseline_recorded", gates: [{ ...gate, tests: cases, output: NO_OUTPUT, excerpt: "" }], marks },
    );
  }

  iterate(scripted: ScriptedIteration): this {
    const iteration = ++this.#iterations;
    const task = taskId(scripted.task);
    const { head } = this.#state;
    this.add({
      type: "iteration_started",
      iteration,
      task,
      phase: scripted.phase ?? "implement",
      prompt: NO_OUTPUT,
      head,
    });
    this.add({ type: "agent_started", iteration, pid: 4242 });
    this.wait(scripted.durationMs ?? 60_000);
    this.add(agentEnded(iteration, scripted), ...seen(iteration, scripted));
    const { open } = this.#state;
    if (open === undefined) throw new Error("an iteration that was started is open");
    const current = taskState(this.#state, task);
    this.add({
      type: "iteration_judged",
      iteration,
      verdict: judgeIteration(open, current, gatesOf(this.#state, current.task)),
    });
    if (scripted.commit !== undefined)
      this.add({ type: "checkpoint_created", iteration, commit: scripted.commit, green: isGreen(open) });
    return this.add(...closeIteration(this.#state, this.#time));
  }

  end(reason: EndReason, marks?: MarkCounts): this {
    return this.add({ type: "run_ended", reason, ...(marks === undefined ? {} : { marks }) });
  }
}

function agentEnded(iteration: number, scripted: ScriptedIteration): RunEvent {
  return {
    type: "agent_ended",
    iteration,
    outcome: scripted.outcome ?? { type: "finished" },
    claimed: scripted.claimed ?? false,
    finalMessage: scripted.finalMessage ?? "",
    usage: { ...NO_USAGE, ...scripted.usage },
    cost: fromUsd(scripted.cost ?? 0),
    costFrom: scripted.costFrom ?? "agent",
    durationMs: scripted.durationMs ?? 60_000,
    exitCode: 0,
    signal: null,
    survivors: scripted.survivors ?? 0,
    output: NO_OUTPUT,
  };
}

function seen(iteration: number, { change, gates = [], findings = [] }: ScriptedIteration): RunEvent[] {
  const stat = change ?? { files: 0, insertions: 0, deletions: 0 };
  const unchanged = change === undefined;
  const tree = String(iteration).padStart(40, "0");
  return [
    {
      type: "change_observed",
      iteration,
      change: { head: "base", tree, unchanged, taskUnchanged: unchanged, stat, taskStat: stat, taskFiles: [] },
    },
    ...gates.flatMap((gate) => judged(iteration, gate)),
    ...findings.map((finding): RunEvent => ({ type: "finding_raised", iteration, finding, blocks: true })),
  ];
}

function judged(iteration: number, { gate, outcome, tests, newFailures = [] }: ScriptedGate): RunEvent[] {
  const counts = tests === undefined ? {} : { counts: tests };
  const verdict = { gate, outcome, newFailures, oldFailures: [], ...counts, durationMs: 900 };
  return [
    { type: "gate_started", iteration, gate },
    { type: "gate_judged", iteration, judged: { ...verdict, output: NO_OUTPUT, excerpt: "" } },
  ];
}
