import type { GateSpec, GuardPolicy, Phase, PlanFormat, RunLimits, TaskLimits } from "@cloister/core";
import type { KeyPath } from "../config/located.ts";

/** What a plan says of itself as a whole, in front matter or in the top level of its JSON. */
export type PlanHeader = {
  readonly title?: string | undefined;
  readonly gates?: readonly GateSpec[] | undefined;
  readonly limits?: RunLimits | undefined;
  readonly guards?: Partial<GuardPolicy> | undefined;
  readonly protect?: readonly string[] | undefined;
  readonly setup?: readonly string[] | undefined;
  readonly phases?: readonly Phase[] | undefined;
};

/** What a plan says of one task, besides its text. */
export type TaskMetadata = {
  readonly status?: "open" | "done" | undefined;
  readonly dependsOn?: readonly string[] | undefined;
  readonly gates?: readonly GateSpec[] | undefined;
  readonly phases?: readonly Phase[] | undefined;
  readonly limits?: TaskLimits | undefined;
  readonly allowEmptyDiff?: boolean | undefined;
};

/** A gate, and the line that it stands on. */
export type DraftGate = { readonly gate: GateSpec; readonly line: number };

/** A replacement of a stretch of the source. Edits of one plan never overlap. */
export type Edit = { readonly start: number; readonly end: number; readonly text: string };

/** A task as one format reads it. */
export type TaskDraft = {
  /** As the plan gives it. Undefined: made from the title. */
  readonly id?: string;
  readonly title: string;
  readonly body: string;
  readonly metadata: TaskMetadata;
  readonly done: boolean;
  /** The line of a place within the task, as in `["dependsOn", 0]`. */
  readonly lineOf: (path: KeyPath) => number;
  /** What marks the task as done in the source. Called for tasks that are not. */
  readonly tick: () => readonly Edit[];
};

/** A plan as one format reads it; `assemblePlan` makes a plan of it. */
export type PlanDraft = {
  readonly format: PlanFormat;
  readonly title: string;
  readonly context: string;
  readonly header: PlanHeader;
  /** Gates that the header doesn't hold: those of a Markdown section. */
  readonly sectionGates: readonly DraftGate[];
  /** The line of a place within the header. */
  readonly lineOf: (path: KeyPath) => number;
  readonly tasks: readonly TaskDraft[];
};
