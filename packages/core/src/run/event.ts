/**
 * Everything that can happen in a run. The journal holds these and nothing else; every view is folded from them.
 *
 * E1. An effect stands between two events: the intent before it, the result after it (I5).
 * E2. Events hold facts and decisions, never instructions: replaying them touches nothing.
 * E3. What an agent said is in `agent_reported` and `agent_ended` alone, and is a claim.
 * E4. What was spent at the gateway is in the events of `spend/request-event.ts`, one request at a time; an agent's own figures give way to it.
 */
import type { AgentEvent, TokenUsage } from "../agent/agent-event.ts";
import type { Finding } from "../gate/finding.ts";
import type { EvidenceRef, GateResult, JudgedGate } from "../gate/result.ts";
import type { RunId, TaskId } from "../ids.ts";
import type { MicroUsd } from "../money.ts";
import type { GateSpec, GuardPolicy, Phase, Plan, RunLimits } from "../plan/plan.ts";
import type { Acceleration, DriverName } from "../machine/driver.ts";
import type { MachineChoice } from "../machine/policy.ts";
import type { RequestEvent } from "../spend/request-event.ts";
import type { EndReason } from "./end-reason.ts";
import type { IterationFailure, LoopPolicy } from "./policy.ts";

/** What a run works on and by which rules. Fixed when the run is created; only limits change, at a resume. */
export type RunCharter = {
  readonly run: RunId;
  readonly plan: Plan;
  /** The plan's file: relative to the workspace where it lies in it, else absolute; empty for a bare prompt. */
  readonly planFile: string;
  readonly agent: {
    readonly name: string;
    readonly command?: string;
    readonly model?: string;
    readonly version?: string;
  };
  /** The repository's root (absolute) and the commit that the run starts from. */
  readonly repository: string;
  readonly baseCommit: string;
  readonly branch: string;
  /** Absolute path of the folder that the agent works in. */
  readonly workspace: string;
  readonly inPlace: boolean;
  readonly limits: RunLimits;
  readonly guards: GuardPolicy;
  readonly gates: readonly GateSpec[];
  readonly gatesFrom: "plan" | "flags" | "configuration" | "detected" | "none";
  readonly setup: readonly string[];
  readonly protect: readonly string[];
  /** Undefined: agents and gates run on the host itself. */
  readonly machine?: MachineChoice;
  readonly policy: LoopPolicy;
  readonly cloisterVersion: string;
};

/** Size of a change. */
export type DiffStat = { readonly files: number; readonly insertions: number; readonly deletions: number };

/** What the workspace looked like after an iteration. */
export type ObservedChange = {
  /** Commit that the workspace stood at: the iteration's own head, or a commit of the agent's after it. */
  readonly head: string;
  /** Git tree of the whole workspace. */
  readonly tree: string;
  /** True where the iteration left the tree as it found it (progress and learnings aside). */
  readonly unchanged: boolean;
  /** True where the task as a whole has changed nothing since it began. */
  readonly taskUnchanged: boolean;
  /** The iteration's own change. */
  readonly stat: DiffStat;
  /** The task's change since it began: paths (500 at most) and size. */
  readonly taskStat: DiffStat;
  readonly taskFiles: readonly string[];
};

/** Why a claim was not accepted. */
export type Rejection =
  | { readonly type: "no_change" }
  | { readonly type: "gate_failed"; readonly gate: string }
  | { readonly type: "gate_inconclusive"; readonly gate: string }
  /** Every gate was red before and still is, or there is none that could pass: nothing shows that the work is done. */
  | { readonly type: "nothing_proves" }
  | { readonly type: "no_gates" }
  | { readonly type: "finding"; readonly finding: Finding }
  | { readonly type: "changes_requested" };

/** What came of an iteration. */
export type IterationVerdict =
  /** The phase is through. */
  | { readonly type: "accepted" }
  | { readonly type: "rejected"; readonly because: readonly Rejection[] }
  /** The agent ended properly and claimed nothing. */
  | { readonly type: "unclaimed" }
  | { readonly type: "failed"; readonly failure: IterationFailure; readonly message: string; readonly resetAt?: number }
  /** Cloister was stopped, or died, while it ran. */
  | { readonly type: "interrupted" };

/** How an agent's process came to its end. */
export type AgentOutcome =
  | { readonly type: "finished" }
  | { readonly type: "failed"; readonly failure: IterationFailure; readonly message: string; readonly resetAt?: number }
  | { readonly type: "stopped" };

/** Why a task was given up for now. */
export type BlockReason = "stalled" | "inconclusive" | "unverified" | "iteration_limit";

/** Counts of marks that a reader looks for, in the tracked files. */
export type MarkCounts = { readonly todo: number; readonly fixme: number };

/** Where a cost comes from. */
export type CostSource = "gateway" | "agent" | "priced" | "unknown";

export type RunEvent =
  | RequestEvent
  | { readonly type: "run_created"; readonly charter: RunCharter }
  | { readonly type: "run_resumed"; readonly limits: RunLimits }
  /** The run's machine is there: what was made before it, in an earlier one, is gone but for the workspace. */
  | {
      readonly type: "machine_opened";
      readonly machine: string;
      readonly driver: DriverName;
      readonly image?: string;
      readonly acceleration: Acceleration;
      readonly durationMs: number;
    }
  /** Something in the machine asked to reach a host. Equal ones of one iteration are noted once. */
  | {
      readonly type: "egress_decided";
      readonly iteration: number;
      readonly host: string;
      readonly port: number;
      readonly allowed: boolean;
      readonly why?: string;
      /** Variables of the secrets that were put in. */
      readonly secrets?: readonly string[];
    }
  | { readonly type: "workspace_prepared"; readonly head: string }
  | { readonly type: "setup_started"; readonly commands: readonly string[] }
  | { readonly type: "setup_finished"; readonly durationMs: number; readonly output?: EvidenceRef }
  | { readonly type: "baseline_started"; readonly commit: string }
  /** `tests` holds each gate's test cases as JSON, by content. */
  | {
      readonly type: "baseline_recorded";
      readonly gates: readonly BaselineGate[];
      readonly marks: MarkCounts;
    }
  | {
      readonly type: "iteration_started";
      readonly iteration: number;
      readonly task: TaskId;
      readonly phase: Phase;
      readonly prompt: EvidenceRef;
      /** Commit that the workspace stood at. */
      readonly head: string;
    }
  | { readonly type: "agent_started"; readonly iteration: number; readonly pid: number }
  | { readonly type: "agent_reported"; readonly iteration: number; readonly event: AgentEvent }
  | {
      readonly type: "agent_ended";
      readonly iteration: number;
      readonly outcome: AgentOutcome;
      /** The final message ends with the promise. A claim, never evidence. */
      readonly claimed: boolean;
      readonly finalMessage: string;
      readonly usage: TokenUsage;
      readonly cost: MicroUsd;
      /** `gateway`: metered. `agent`: its own figure. `priced`: reckoned from its tokens. `unknown`: none could be had, and `cost` is 0. */
      readonly costFrom: CostSource;
      /** What the agent itself says that it used, where it was metered: a claim. */
      readonly said?: { readonly usage: TokenUsage; readonly cost?: MicroUsd };
      readonly durationMs: number;
      readonly exitCode: number | null;
      readonly signal: string | null;
      /** Processes that outlived the agent and were ended. */
      readonly survivors: number;
      /** Raw output (bounded). */
      readonly output: EvidenceRef;
    }
  | { readonly type: "change_observed"; readonly iteration: number; readonly change: ObservedChange }
  | { readonly type: "gate_started"; readonly iteration: number; readonly gate: string }
  | { readonly type: "gate_judged"; readonly iteration: number; readonly judged: JudgedGate }
  | { readonly type: "finding_raised"; readonly iteration: number; readonly finding: Finding; readonly blocks: boolean }
  | { readonly type: "iteration_judged"; readonly iteration: number; readonly verdict: IterationVerdict }
  | { readonly type: "checkpoint_started"; readonly iteration: number; readonly tree: string }
  | {
      readonly type: "checkpoint_created";
      readonly iteration: number;
      readonly commit: string;
      /** The gates passed on it. */
      readonly green: boolean;
    }
  /** The iteration is closed: nothing of it is left to do. */
  | { readonly type: "iteration_ended"; readonly iteration: number; readonly durationMs: number }
  | { readonly type: "task_advanced"; readonly task: TaskId; readonly phase: Phase; readonly note?: string }
  | { readonly type: "task_completed"; readonly task: TaskId; readonly iteration: number }
  | { readonly type: "task_blocked"; readonly task: TaskId; readonly why: BlockReason; readonly detail: string }
  | {
      readonly type: "retry_scheduled";
      readonly failure: IterationFailure;
      readonly attempt: number;
      readonly until: number;
    }
  | { readonly type: "breaker_opened"; readonly until: number; readonly opens: number }
  | { readonly type: "breaker_half_opened" }
  | { readonly type: "breaker_closed" }
  | { readonly type: "rollback_started"; readonly task: TaskId; readonly from: string; readonly to: string }
  | { readonly type: "rollback_finished"; readonly task: TaskId; readonly head: string }
  | { readonly type: "run_paused" }
  | { readonly type: "run_unpaused" }
  | { readonly type: "remark_added"; readonly text: string }
  | { readonly type: "run_ended"; readonly reason: EndReason; readonly detail?: string; readonly marks?: MarkCounts };

export type RunEventType = RunEvent["type"];

/** What a gate said of the base commit; its test cases lie in the evidence folder. */
export type BaselineGate = Omit<GateResult, "tests"> & {
  readonly tests?: {
    readonly runner: string;
    readonly passed: number;
    readonly failed: number;
    readonly skipped: number;
    /** The whole `TestResults` as JSON. */
    readonly cases: EvidenceRef;
  };
};

/** An event with the time it happened, in ms since the epoch. */
export type StampedEvent = { readonly time: number; readonly event: RunEvent };
