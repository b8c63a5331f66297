/**
 * What a report says. It is data: `engine/report` turns it into Markdown and HTML. Every number is a {@link Fact}; what an agent
 * said stands in `claims`, in texts of `troubles` and in findings' messages, cleaned and cut, and is never evidence.
 */
import type { TokenUsage } from "../agent/agent-event.ts";
import type { Finding } from "../gate/finding.ts";
import type { GateOutcome, InconclusiveReason, Verdict } from "../gate/result.ts";
import type { RunId, TaskId } from "../ids.ts";
import type { MicroUsd } from "../money.ts";
import type { Phase } from "../plan/plan.ts";
import type { EndReason } from "../run/end-reason.ts";
import type { CostSource, DiffStat, IterationVerdict, RunEventType, StampedEvent } from "../run/event.ts";
import type { TaskStatus } from "../run/state.ts";
import type { Evidence, Fact } from "./fact.ts";

/** An event with its place in the journal. */
export type PositionedEvent = StampedEvent & { readonly position: number };

/** What was measured outside the journal when the report was made. */
export type Measurements = {
  /** The change from the run's base commit to its last one, as `git diff --shortstat` has it. */
  readonly diff?: DiffStat;
  /** Hash of the journal's last event. */
  readonly journalHash?: string;
};

/** A report's whole content. Its JSON form is this. */
export type Report = {
  readonly version: 1;
  readonly run: RunFacts;
  /** Sentences made of the facts below. */
  readonly summary: readonly Fact<string>[];
  /** Undefined while the run goes on. */
  readonly end?: Fact<RunEnd>;
  readonly tasks: readonly TaskRow[];
  readonly iterations: {
    readonly used: Fact<number>;
    readonly limit?: Fact<number>;
    readonly rows: readonly IterationRow[];
  };
  readonly runtimeMs: Fact<number>;
  readonly cost: CostFacts;
  readonly tokens: Readonly<Record<keyof TokenUsage | "total", Fact<number>>>;
  readonly diff: {
    /** From the base commit to the last; undefined where it was not measured. */
    readonly run?: Fact<DiffStat>;
    /** The changes of all iterations added up: what was written over counts again. */
    readonly iterations: Fact<DiffStat>;
  };
  readonly gates: readonly GateRow[];
  readonly marks: readonly MarkRow[];
  readonly findings: readonly FindingRow[];
  readonly troubles: readonly Trouble[];
  readonly left: readonly LeftTask[];
  readonly claims: readonly AgentClaim[];
  readonly journal: { readonly events: Fact<number>; readonly hash?: string };
  /** Every event that stands for a fact of the run, in order: all but what the agent said on the way. */
  readonly evidence: readonly CitedEvent[];
};

export type RunFacts = {
  readonly id: RunId;
  readonly title: string;
  readonly planFile: string;
  readonly agent: string;
  readonly repository: string;
  readonly branch: string;
  readonly baseCommit: string;
  /** The commit that the run's branch ended on. */
  readonly headCommit: string;
  readonly gatesFrom: string;
  readonly cloisterVersion: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly lastEventAt: number;
};

export type RunEnd = {
  readonly reason: EndReason;
  readonly sentence: string;
  readonly exitCode: number;
  readonly detail?: string;
};

/** `none`: the task does not have the phase, or was done before the run. */
export type PhaseProgress = "passed" | "pending" | "none";

export type TaskRow = {
  readonly id: TaskId;
  readonly title: string;
  readonly phases: Readonly<Record<Phase, Fact<PhaseProgress>>>;
  readonly status: Fact<TaskStatus>;
  readonly iterations: Fact<number>;
  /** The plan said that it was done: this run proves nothing of it. */
  readonly doneBefore: boolean;
  readonly note: string;
};

/** Where a cost comes from: the agent's own figure (a claim), tokens and a price table, or nowhere. */
export type { CostSource };

export type CostFacts = {
  readonly total: Fact<MicroUsd>;
  /** False where an iteration's cost could not be had: the total is then too low. */
  readonly complete: Fact<boolean>;
  /** Iterations by the source of their cost. */
  readonly sources: Readonly<Record<CostSource, Fact<number>>>;
};

export type IterationRow = {
  readonly iteration: number;
  readonly task: TaskId;
  readonly phase: Phase;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Undefined while it goes on. */
  readonly durationMs?: Fact<number>;
  readonly verdict: Fact<IterationVerdict["type"] | "open">;
  /** Why it was not accepted, one line; empty where it was. */
  readonly because: string;
  readonly claimed: boolean;
  readonly cost: Fact<MicroUsd>;
  readonly tokens: Fact<number>;
  readonly change?: Fact<DiffStat>;
  readonly checkpoint?: Fact<{ readonly commit: string; readonly green: boolean }>;
};

export type TestCounts = { readonly passed: number; readonly failed: number; readonly skipped: number };

/** One gate: what it said before the run, in each iteration, and last. */
export type GateRow = {
  readonly gate: string;
  readonly command: string;
  readonly before?: Fact<{ readonly verdict: Verdict; readonly tests?: TestCounts }>;
  readonly after?: Fact<{ readonly outcome: GateOutcome; readonly tests?: TestCounts }>;
  readonly history: readonly GateCell[];
};

export type GateCell = {
  readonly iteration: number;
  readonly outcome: Fact<GateOutcome>;
  readonly inconclusive?: InconclusiveReason;
  readonly newFailures: readonly string[];
};

export type MarkRow = {
  readonly mark: "TODO" | "FIXME";
  readonly before?: Fact<number>;
  readonly after?: Fact<number>;
};

export type FindingRow = {
  readonly iteration: number;
  readonly finding: Finding;
  readonly blocks: boolean;
  readonly evidence: Evidence;
};

/** Something that went wrong, or was done about it. */
export type Trouble = {
  readonly type: RunEventType;
  readonly time: number;
  readonly iteration?: number;
  readonly text: string;
  readonly evidence: Evidence;
};

export type LeftTask = {
  readonly id: TaskId;
  readonly title: string;
  readonly why: string;
  readonly evidence: Evidence;
};

/** An agent's last word in an iteration: what it says of its work, not what was seen. */
export type AgentClaim = {
  readonly iteration: number;
  readonly task: TaskId;
  readonly phase: Phase;
  /** It ended with the token that claims completion. */
  readonly claimed: boolean;
  /** What came of it, from evidence. */
  readonly verdict: IterationVerdict["type"] | "open";
  readonly text: string;
  readonly evidence: Evidence;
};

export type CitedEvent = {
  readonly position: number;
  readonly time: number;
  readonly type: RunEventType;
  readonly iteration?: number;
};
