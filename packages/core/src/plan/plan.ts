import type { TaskId } from "../ids.ts";
import type { MicroUsd } from "../money.ts";
import type { FindingName } from "../gate/finding.ts";

/** The formats that a plan is read from. */
export const PLAN_FORMATS = ["cloister", "prd-json", "checklist", "sections", "prompt"] as const;
export type PlanFormat = (typeof PLAN_FORMATS)[number];

/** The passes a task goes through, in this order, each in iterations of its own. `implement` is always one of them. */
export const PHASES = ["analyse", "implement", "review"] as const;
export type Phase = (typeof PHASES)[number];
/** The phases of a task that names none. */
export const DEFAULT_PHASES: readonly Phase[] = ["implement"];

/** A check that Cloister runs itself. */
export type GateSpec = {
  /** Unique within the plan; what log, report and policy call it. */
  readonly name: string;
  /** A shell command, run at the root of the workspace. */
  readonly command: string;
  /** Default: {@link DEFAULT_GATE_TIMEOUT_MS}. */
  readonly timeoutMs?: number;
  /**
   * True: the gate must pass outright, whatever it said of the base commit. False (default): what was red on the base
   * commit does not block. Gates that belong to a task are its acceptance criteria, and required unless they say otherwise.
   */
  readonly required?: boolean;
  /** Held-out gate: a folder (absolute) whose files are copied into the workspace for this gate alone; the agent never sees them. */
  readonly heldOutFiles?: string;
};

export const DEFAULT_GATE_TIMEOUT_MS: number = 15 * 60_000;

/** What to do about a finding: stop the task from being done, only say so, or not look. */
export type FindingAction = "block" | "warn" | "off";
/** The plan's word on findings, over {@link DEFAULT_GUARD_POLICY}. */
export type GuardPolicy = Readonly<Record<FindingName, FindingAction>>;

/** Bounds of a whole run. What is undefined is unbounded. */
export type RunLimits = {
  readonly maxIterations?: number;
  readonly maxRuntimeMs?: number;
  readonly maxCost?: MicroUsd;
  /** Input and output tokens together, cached ones included. */
  readonly maxTokens?: number;
  /** Wall time of one iteration. */
  readonly iterationTimeoutMs?: number;
  /** Time without a byte from the agent. */
  readonly idleTimeoutMs?: number;
};

/** Bounds of one task. */
export type TaskLimits = { readonly maxIterations?: number };

/** One unit of the plan. */
export type Task = {
  readonly id: TaskId;
  readonly title: string;
  /** Everything the plan says about the task, as Markdown: description, acceptance criteria, notes. */
  readonly body: string;
  /** Ids of tasks that must be done first. */
  readonly dependsOn: readonly TaskId[];
  readonly phases: readonly Phase[];
  /** Gates of this task alone, besides the plan's. */
  readonly gates: readonly GateSpec[];
  readonly limits: TaskLimits;
  /** True where the task may be done without changing a file (an investigation, say). */
  readonly allowEmptyDiff: boolean;
  /** True where the plan's file already marks it as done: it is skipped. */
  readonly done: boolean;
};

/** What the user wants, whatever file it came from. */
export type Plan = {
  readonly format: PlanFormat;
  readonly title: string;
  /** What every task should know: the prose of the plan that belongs to no task. Markdown. */
  readonly context: string;
  readonly tasks: readonly Task[];
  /** Gates of every task. Undefined where the plan does not speak of gates: they may then be detected. */
  readonly gates: readonly GateSpec[] | undefined;
  readonly limits: RunLimits;
  /** The plan's changes to the policy on findings. */
  readonly guards: Partial<GuardPolicy>;
  /** Globs (picomatch) of paths that no iteration may change. */
  readonly protect: readonly string[];
  /** Commands that make a fresh workspace able to run the gates. Undefined: detected. */
  readonly setup: readonly string[] | undefined;
};
