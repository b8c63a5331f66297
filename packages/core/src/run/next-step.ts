/**
 * Says what a run does next. Pure: state and time in, one step out. It owns limits, waiting, the choice of the task and the end of
 * the run; the order of the checks below is the order of precedence.
 */
import { totalTokens } from "../agent/agent-event.ts";
import { describeMoney } from "../money.ts";
import { readyTasks } from "../plan/order.ts";
import type { Phase, Task } from "../plan/plan.ts";
import type { EndReason } from "./end-reason.ts";
import type { BlockReason } from "./event.ts";
import { runtimeMs, type RunState, type TaskState } from "./state.ts";

/** The next thing to do. */
export type Step =
  | { readonly type: "prepare_workspace" }
  | { readonly type: "set_up" }
  | { readonly type: "record_baseline" }
  /** An iteration was cut off: close it. */
  | { readonly type: "recover" }
  | { readonly type: "roll_back"; readonly task: Task; readonly to: string }
  | { readonly type: "pause" }
  | { readonly type: "wait"; readonly until: number; readonly why: string }
  | { readonly type: "half_open" }
  | { readonly type: "iterate"; readonly task: Task; readonly phase: Phase }
  | { readonly type: "end"; readonly reason: EndReason; readonly detail?: string };

/** What `state` calls for at time `now`. */
export function nextStep(state: RunState, now: number): Step {
  return recovery(state) ?? ending(state, now) ?? preparation(state) ?? waiting(state, now) ?? work(state);
}

function recovery({ open, prepared }: RunState): Step | undefined {
  if (open === undefined) return undefined;
  // A new machine has nothing that the set-up installed: gates would fail in it for that alone.
  return prepared.setup ? { type: "recover" } : { type: "set_up" };
}

function preparation({ prepared }: RunState): Step | undefined {
  if (!prepared.workspace) return { type: "prepare_workspace" };
  if (!prepared.setup) return { type: "set_up" };
  return prepared.baseline ? undefined : { type: "record_baseline" };
}

function ending(state: RunState, now: number): Step | undefined {
  if (state.tasks.every(({ status }) => status === "done")) return { type: "end", reason: "done" };
  return (
    endByBlocks(state) ?? endByFailure(state) ?? endByBudget(state) ?? endByTime(state, now) ?? endByIterations(state)
  );
}

const BLOCK_ENDS: readonly (readonly [BlockReason, EndReason])[] = [
  ["stalled", "stalled"],
  ["inconclusive", "inconclusive"],
  ["unverified", "unverified"],
  ["iteration_limit", "iteration_limit"],
];

/** Nothing is left to work on: every open task is blocked, or waits for one that is. */
function endByBlocks(state: RunState): Step | undefined {
  if (workable(state).length > 0) return undefined;
  const blocks = state.tasks.flatMap(({ blocked, task }) => (blocked === undefined ? [] : [{ ...blocked, task }]));
  for (const [why, reason] of BLOCK_ENDS) {
    const block = blocks.find((candidate) => candidate.why === why);
    if (block !== undefined) {
      const limited = reason === "stalled" && atIterationLimit(state);
      return {
        type: "end",
        reason: limited ? "iteration_limit" : reason,
        detail: `task ${block.task.id}: ${block.detail}`,
      };
    }
  }
  return { type: "end", reason: "blocked" };
}

function endByFailure(state: RunState): Step | undefined {
  const { failing, breaker, charter } = state;
  if (failing === undefined) return undefined;
  const { failure, attempts } = failing;
  if (failure === "unavailable") return { type: "end", reason: "agent_unavailable" };
  if (failure === "budget") {
    // The agent can't tell the gateway's refusal from its provider's.
    const detail = describeOverspend(state) ?? "the model provider says that its quota is used up";
    return { type: "end", reason: "budget_exhausted", detail };
  }
  if (attempts > charter.policy.retry[failure].attempts)
    return { type: "end", reason: "agent_failing", detail: `${failure}, ${attempts} times in a row` };
  if (breaker.type === "open" && breaker.opens >= charter.policy.breaker.opens)
    return { type: "end", reason: "circuit_open", detail: `last failure: ${failure}` };
  return undefined;
}

/** The budget that is spent, as a sentence; undefined where there is room. Counts the open iteration too. */
export function describeOverspend({ charter, cost, usage, open, refusedBudget }: RunState): string | undefined {
  if (refusedBudget !== undefined) return refusedBudget;
  const { maxCost, maxTokens } = charter.limits;
  const spent = cost + (open?.cost ?? 0);
  if (maxCost !== undefined && spent >= maxCost) return `cost reached the limit of ${describeMoney(maxCost)}`;
  const tokens = totalTokens(usage) + (open?.usage === undefined ? 0 : totalTokens(open.usage));
  return maxTokens !== undefined && tokens >= maxTokens ? `tokens reached the limit of ${maxTokens}` : undefined;
}

function endByBudget(state: RunState): Step | undefined {
  const detail = describeOverspend(state);
  return detail === undefined ? undefined : { type: "end", reason: "budget_exhausted", detail };
}

function endByTime(state: RunState, now: number): Step | undefined {
  const { maxRuntimeMs } = state.charter.limits;
  return maxRuntimeMs !== undefined && runtimeMs(state, now) >= maxRuntimeMs
    ? { type: "end", reason: "time_limit" }
    : undefined;
}

function atIterationLimit({ charter, iterations }: RunState): boolean {
  return charter.limits.maxIterations !== undefined && iterations >= charter.limits.maxIterations;
}

function endByIterations(state: RunState): Step | undefined {
  if (!atIterationLimit(state)) return undefined;
  if (state.iterations > 0 && state.failedIterations === state.iterations)
    return { type: "end", reason: "agent_failing", detail: "every iteration failed" };
  if (state.tasks.some(({ inconclusiveClaims }) => inconclusiveClaims > 0))
    return { type: "end", reason: "inconclusive", detail: "the last claim met a gate that gave no verdict" };
  return { type: "end", reason: "iteration_limit" };
}

function waiting({ paused, waitUntil, breaker }: RunState, now: number): Step | undefined {
  if (paused) return { type: "pause" };
  if (breaker.type === "open" && breaker.until > now)
    return { type: "wait", until: breaker.until, why: "circuit open" };
  if (waitUntil !== undefined && waitUntil.time > now)
    return { type: "wait", until: waitUntil.time, why: waitUntil.failure.replaceAll("_", " ") };
  return breaker.type === "open" ? { type: "half_open" } : undefined;
}

function work(state: RunState): Step {
  const task = workable(state)[0];
  if (task === undefined) return { type: "end", reason: "blocked" };
  const to = rollbackTarget(state, task);
  if (to !== undefined) return { type: "roll_back", task: task.task, to };
  return { type: "iterate", task: task.task, phase: task.phase };
}

/** Where the workspace should go back to: the last green checkpoint, where a task was red for too long, or begins on another's red work. */
function rollbackTarget(state: RunState, task: TaskState): string | undefined {
  const { charter, rollback, lastGreen, head, redHead } = state;
  if (rollback !== undefined) return rollback.to;
  if (lastGreen === head) return undefined;
  const after = charter.policy.stall.rollBackAfter;
  const redTooLong = after > 0 && task.redStreak >= after;
  const leftRedByAnother = redHead && task.iterations === 0;
  return redTooLong || leftRedByAnother ? lastGreen : undefined;
}

/** Tasks that can be worked on now, the one under way first, then in the plan's order. */
function workable({ tasks }: RunState): readonly TaskState[] {
  const done = new Set(tasks.filter(({ status }) => status === "done").map(({ task }) => task.id));
  const ready = new Set(
    readyTasks(
      tasks.map(({ task }) => task),
      done,
    ).map(({ id }) => id),
  );
  const open = tasks.filter(({ task, status }) => ready.has(task.id) && status !== "blocked");
  return [...open.filter(({ status }) => status === "active"), ...open.filter(({ status }) => status !== "active")];
}
