/**
 * Decides what follows from an iteration that has been judged: the task's fate, retries, the breaker. Pure; the loop journals
 * what is returned. It owns reactions to one iteration; `next-step.ts` owns what to do next, and the end of the run.
 */
import { PHASES, type GateSpec, type Task } from "../plan/plan.ts";
import type { BlockReason, IterationVerdict, RunEvent } from "./event.ts";
import { evolve } from "./evolve.ts";
import { isPassing, retryDelay } from "./policy.ts";
import { describeStall } from "./stall.ts";
import { taskState, type OpenIteration, type RunState, type TaskState } from "./state.ts";

/** Gates that apply to a task: the plan's and its own. */
export function gatesOf(state: RunState, task: Task): readonly GateSpec[] {
  return [...state.charter.gates, ...task.gates];
}

/**
 * The events that close the open iteration, which has its verdict: the iteration's end first, then what it means.
 * Empty where no iteration is open.
 */
export function closeIteration(state: RunState, now: number): RunEvent[] {
  const { open } = state;
  if (open === undefined) return [];
  const verdict: IterationVerdict = open.verdict ?? { type: "interrupted" };
  const ended: RunEvent = {
    type: "iteration_ended",
    iteration: open.iteration,
    durationMs: Math.max(0, now - open.startedAt),
  };
  const after = evolve(state, { event: ended, time: now });
  const task = taskState(after, open.task);
  return [ended, ...decideTask(after, task, open, verdict), ...decideHealth(after, verdict, now)];
}

function decideTask(state: RunState, task: TaskState, open: OpenIteration, verdict: IterationVerdict): RunEvent[] {
  if (verdict.type === "accepted") return advance(task, open);
  if (open.phase === "review" && verdict.type === "rejected")
    return [{ type: "task_advanced", task: task.task.id, phase: "implement", note: open.agent?.finalMessage ?? "" }];
  const block = reasonToBlock(state, task, verdict);
  return block === undefined ? [] : [{ type: "task_blocked", task: task.task.id, ...block }];
}

function advance(task: TaskState, open: OpenIteration): RunEvent[] {
  const phases = PHASES.filter((phase) => phase === "implement" || task.task.phases.includes(phase));
  const next = phases[phases.indexOf(open.phase) + 1];
  if (next === undefined) return [{ type: "task_completed", task: task.task.id, iteration: open.iteration }];
  return [{ type: "task_advanced", task: task.task.id, phase: next, note: open.agent?.finalMessage ?? "" }];
}

function reasonToBlock(
  { charter }: RunState,
  { task, stall, inconclusiveClaims, iterations }: TaskState,
  verdict: IterationVerdict,
): { why: BlockReason; detail: string } | undefined {
  if (verdict.type === "rejected" && verdict.because.every(({ type }) => type === "no_gates"))
    return { why: "unverified", detail: "claimed done; there is no gate that could prove it" };
  if (inconclusiveClaims >= charter.policy.inconclusiveClaims)
    return { why: "inconclusive", detail: `${inconclusiveClaims} claims in a row met a gate that gave no verdict` };
  const stalled = describeStall(stall, charter.policy.stall);
  if (stalled !== undefined) return { why: "stalled", detail: stalled };
  const limit = task.limits.maxIterations;
  if (limit !== undefined && iterations >= limit)
    return { why: "iteration_limit", detail: `the task's limit of ${limit} iterations was reached` };
  return undefined;
}

function decideHealth(state: RunState, verdict: IterationVerdict, now: number): RunEvent[] {
  if (verdict.type === "interrupted") return [];
  if (verdict.type !== "failed") {
    const { breaker } = state;
    const clean = breaker.type === "closed" && breaker.failures === 0 && breaker.opens === 0;
    return clean ? [] : [{ type: "breaker_closed" }];
  }
  const { failure, resetAt } = verdict;
  const attempt = (state.failing?.failure === failure ? state.failing.attempts : 0) + 1;
  const { retry, breaker } = state.charter.policy;
  const until = Math.max(now + retryDelay(retry[failure], attempt), resetAt ?? 0);
  const scheduled: RunEvent = { type: "retry_scheduled", failure, attempt, until };
  if (isPassing(failure)) return [scheduled];
  const failed = state.breaker.type === "closed" ? state.breaker.failures : breaker.failures;
  if (failed < breaker.failures) return [scheduled];
  return [scheduled, { type: "breaker_opened", until: now + breaker.coolDownMs, opens: state.breaker.opens + 1 }];
}
