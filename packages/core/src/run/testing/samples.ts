/** Small, valid pieces of the domain for tests. */
import { DEFAULT_GUARD_POLICY } from "../../gate/policy.ts";
import type { GateOutcome, JudgedGate } from "../../gate/result.ts";
import { taskId, type RunId } from "../../ids.ts";
import type { GateSpec, Phase, Plan, RunLimits, Task } from "../../plan/plan.ts";
import type { RunCharter } from "../event.ts";
import { DEFAULT_LOOP_POLICY, type LoopPolicy } from "../policy.ts";

const OUTPUT = { sha256: "0".repeat(64), bytes: 0 };

/** A task named `id`. */
export function sampleTask(id: string, changes: Partial<Task> = {}): Task {
  return {
    id: taskId(id),
    title: `Do ${id}`,
    body: "",
    dependsOn: [],
    phases: ["implement"] satisfies Phase[],
    gates: [],
    limits: {},
    allowEmptyDiff: false,
    done: false,
    ...changes,
  };
}

/** What a {@link sampleCharter} may differ in. */
export type SampleCharter = {
  readonly tasks?: readonly Task[];
  readonly gates?: readonly GateSpec[];
  readonly limits?: RunLimits;
  readonly policy?: Partial<LoopPolicy>;
};

/** A charter over `tasks` with one gate. */
export function sampleCharter({
  tasks = [sampleTask("one")],
  gates,
  limits = {},
  policy = {},
}: SampleCharter = {}): RunCharter {
  const plan: Plan = {
    format: "cloister",
    title: "Sample",
    context: "",
    tasks,
    gates: undefined,
    limits,
    guards: {},
    protect: [],
    setup: undefined,
  };
  return {
    run: "20260101-000000-test" as RunId,
    plan,
    planFile: "plan.md",
    agent: { name: "command" },
    repository: "/repository",
    baseCommit: "base",
    branch: "cloister/test",
    workspace: "/workspace",
    inPlace: false,
    limits,
    guards: DEFAULT_GUARD_POLICY,
    gates: gates ?? [{ name: "test", command: "npm test" }],
    gatesFrom: "plan",
    setup: [],
    protect: [],
    policy: { ...DEFAULT_LOOP_POLICY, ...policy },
    cloisterVersion: "test",
  };
}

/** A gate's judged result. */
export function judgedGate(gate: string, outcome: GateOutcome): JudgedGate {
  return {
    gate,
    outcome,
    ...(outcome === "inconclusive" ? { inconclusive: "timeout" as const } : {}),
    newFailures: outcome === "failed" ? ["a test"] : [],
    oldFailures: [],
    durationMs: 1,
    output: OUTPUT,
    excerpt: "",
  };
}
