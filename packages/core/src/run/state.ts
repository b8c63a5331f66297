/** The state of a run: a fold over its events, never edited in place. `evolve.ts` is the only writer. */
import type { TokenUsage } from "../agent/agent-event.ts";
import type { Finding } from "../gate/finding.ts";
import type { JudgedGate } from "../gate/result.ts";
import type { TaskId } from "../ids.ts";
import type { MicroUsd } from "../money.ts";
import type { Phase, Task } from "../plan/plan.ts";
import type { EndReason } from "./end-reason.ts";
import type { Amount, RequestEvent } from "../spend/request-event.ts";
import type {
  AgentOutcome,
  BaselineGate,
  BlockReason,
  IterationVerdict,
  MarkCounts,
  ObservedChange,
  RunCharter,
} from "./event.ts";
import type { IterationFailure } from "./policy.ts";

/** A request that has left. */
export type ReservedRequest = Extract<RequestEvent, { type: "request_reserved" }>;

export type TaskStatus = "pending" | "active" | "done" | "blocked";

/** Signs that a task stands still. */
export type StallState = {
  readonly unchanged: number;
  readonly sameFailure: number;
  readonly failureSignature: string;
  /** How often each resulting tree was seen. */
  readonly trees: Readonly<Record<string, number>>;
};

export type TaskState = {
  readonly task: Task;
  readonly status: TaskStatus;
  readonly phase: Phase;
  readonly iterations: number;
  /** Commit that the task began at; the task's change is measured against it. */
  readonly baseCommit?: string;
  readonly blocked?: { readonly why: BlockReason; readonly detail: string };
  /** What the phase before left for the next one: the analysis, or the reviewer's remarks. An agent's word. */
  readonly notes: Partial<Readonly<Record<Phase, string>>>;
  readonly stall: StallState;
  /** Iterations in a row that ended red; sets off the rollback. */
  readonly redStreak: number;
  readonly inconclusiveClaims: number;
  /** What the last closed iteration came to: the feedback of the next. */
  readonly last?: ClosedIteration;
  /** What its closed iterations came to. */
  readonly spent: Amount;
  /** The iteration that proved it. */
  readonly provenBy?: number;
};

/** The iteration under way. */
export type OpenIteration = {
  readonly iteration: number;
  readonly task: TaskId;
  readonly phase: Phase;
  readonly head: string;
  readonly startedAt: number;
  /** Spent so far: metered at the gateway, or else the agent's own word. */
  readonly usage?: TokenUsage;
  readonly cost?: MicroUsd;
  /** Requests that the gateway has settled; what the agent says of its usage counts only where there are none. */
  readonly requests?: number;
  /** The iteration's own budget is spent: the gateway lets no further request through. */
  readonly spentOut?: boolean;
  /** A request came close to the size of the model's window. */
  readonly contextFull?: boolean;
  readonly agent?: { readonly outcome: AgentOutcome; readonly claimed: boolean; readonly finalMessage: string };
  readonly change?: ObservedChange;
  readonly gates: readonly JudgedGate[];
  readonly findings: readonly { readonly finding: Finding; readonly blocks: boolean }[];
  readonly verdict?: IterationVerdict;
  /** Tree of a checkpoint whose commit is not known to exist yet. */
  readonly committing?: string;
  readonly checkpoint?: { readonly commit: string; readonly green: boolean };
};

/** An iteration that is over, as the next one needs it. */
export type ClosedIteration = {
  readonly iteration: number;
  readonly verdict: IterationVerdict;
  readonly gates: readonly JudgedGate[];
  readonly findings: readonly Finding[];
  readonly finalMessage: string;
  /** Its context came close to the size of the model's window. */
  readonly contextFull: boolean;
};

export type BreakerState =
  | { readonly type: "closed"; readonly failures: number; readonly opens: number }
  | { readonly type: "open"; readonly until: number; readonly opens: number }
  | { readonly type: "half_open"; readonly opens: number };

export type RunState = {
  readonly charter: RunCharter;
  /** How far the preparation has come. */
  readonly prepared: { readonly workspace: boolean; readonly setup: boolean; readonly baseline: boolean };
  readonly baseline: Readonly<Record<string, BaselineGate>>;
  readonly baselineMarks?: MarkCounts;
  /** In the plan's order. */
  readonly tasks: readonly TaskState[];
  readonly iterations: number;
  readonly failedIterations: number;
  readonly open?: OpenIteration;
  readonly usage: TokenUsage;
  readonly cost: MicroUsd;
  /** Requests that have left and are not settled, by id. */
  readonly reserved: Readonly<Record<string, ReservedRequest>>;
  /** The gateway refused a request because a budget wider than the iteration is spent: which, in one sentence. */
  readonly refusedBudget?: string;
  /** Iterations whose cost could not be had. */
  readonly unpricedIterations: number;
  readonly startedAt: number;
  readonly lastEventAt: number;
  /** Time during which no process ran the loop, in ms. */
  readonly awayMs: number;
  readonly breaker: BreakerState;
  /** Failures in a row of one class. */
  readonly failing?: { readonly failure: IterationFailure; readonly attempts: number };
  readonly waitUntil?: { readonly time: number; readonly failure: IterationFailure };
  readonly paused: boolean;
  /** Remarks of the user that no prompt has carried yet. */
  readonly remarks: readonly string[];
  /** Commit that the workspace stands at. */
  readonly head: string;
  /** The last commit on which the gates passed; the start of the run, before there is one. */
  readonly lastGreen: string;
  /** The gates failed on `head`. */
  readonly redHead: boolean;
  /** The task whose work was undone just now: its next prompt says so. */
  readonly rolledBack?: TaskId;
  /** A rollback that has begun and is not known to have finished. */
  readonly rollback?: { readonly task: TaskId; readonly to: string };
  readonly ended?: { readonly reason: EndReason; readonly detail?: string; readonly at: number };
  readonly finalMarks?: MarkCounts;
};

/** The state of task `id`. Throws where the plan has no such task: events name only tasks of their plan. */
export function taskState(state: RunState, id: TaskId): TaskState {
  const found = state.tasks.find((candidate) => candidate.task.id === id);
  if (found === undefined) throw new Error(`the plan has no task ${id}`);
  return found;
}

/** How long the run has been at work at time `now`, in ms: time during which no process ran it does not count. */
export function runtimeMs(state: RunState, now: number): number {
  return Math.max(0, (state.ended?.at ?? now) - state.startedAt - state.awayMs);
}
