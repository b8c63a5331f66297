import { z } from "zod";
import { choice, fields, flag, text, texts } from "../config/fields.ts";
import { gates, guards, phases, protect, runLimits, taskLimits } from "../config/work-fields.ts";
import type { PlanHeader, TaskMetadata } from "./plan-draft.ts";

const ID_LENGTH = 80;
const ID = /^[\p{L}\p{N}][\p{L}\p{N}._-]{0,79}$/u;

/** True for what may be a task's id: letters, digits, `.`, `_` and `-`, 80 at most, a letter or digit first. */
export function isTaskId(id: string): boolean {
  return ID.test(id);
}

/** An id of a task, as text or as a whole number. */
const taskIdField = z
  .union([z.string(), z.int()], { error: "expected an id" })
  .transform(String)
  .refine(isTaskId, { error: `expected an id of letters, digits, ".", "_" and "-" (${ID_LENGTH} at most)` });

const dependsOn = z.union([taskIdField.transform((id) => [id]), z.array(taskIdField)], {
  error: "expected the id of a task, or a list of ids",
});

const headerShape = {
  title: text("a title").optional().describe("What the plan is about. Default: its first heading."),
  gates: gates.optional().describe("Checks that every task must pass. An empty list: none, and none are detected."),
  limits: runLimits.optional().describe("Bounds of the whole run."),
  guards: guards.optional().describe("What each finding does: block, warn or off."),
  protect: protect.optional().describe("Globs of paths that no iteration may change."),
  setup: texts("a shell command").optional().describe("Commands that make a fresh workspace able to run the gates."),
  phases: phases.optional().describe("Phases of every task that names none."),
};

const taskShape = {
  dependsOn: dependsOn.optional().describe("Ids of tasks that must be done first."),
  gates: gates.optional().describe("Checks of this task alone: its acceptance criteria."),
  phases: phases.optional().describe("Phases of this task."),
  limits: taskLimits.optional().describe("Bounds of this task."),
  allowEmptyDiff: flag.optional().describe("True where the task may be done without changing a file."),
};

/** Front matter of a Markdown plan. */
export const frontMatter: z.ZodType<PlanHeader> = fields(headerShape);

/** The YAML block below a task's heading. */
export const taskMetadata: z.ZodType<TaskMetadata> = fields({
  status: choice(["open", "done"]).optional().describe("Whether the task is done; or tick a box in its heading."),
  ...taskShape,
});

/** A story of a `prd.json`. Unknown fields belong to other tools and are left alone. */
export type Story = Omit<TaskMetadata, "status"> & {
  readonly id?: string | undefined;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly acceptanceCriteria?: readonly string[] | undefined;
  readonly steps?: readonly string[] | undefined;
  readonly notes?: string | undefined;
  /** From 0, lower first; `Infinity` where none is given. */
  readonly priority: number;
  readonly passes: boolean;
  readonly dependencies?: readonly string[] | undefined;
};

/** A `prd.json`: the object, or the bare list of its stories. */
export type Prd = PlanHeader & {
  readonly project?: string | undefined;
  readonly description?: string | undefined;
  readonly userStories: readonly Story[];
};

const PRIORITY_WORDS: readonly string[] = ["critical", "high", "medium", "low"];
const PRIORITY = 'expected a priority: a number (lower first), P0 to P9, or "critical", "high", "medium", "low"';

const priority = z.union([z.number(), z.string()], { error: PRIORITY }).transform((value, context) => {
  if (typeof value === "number") return value;
  const word = PRIORITY_WORDS.indexOf(value.toLowerCase());
  const rank = word === -1 ? Number(/^p(\d)$/i.exec(value)?.[1] ?? -1) : word;
  if (rank !== -1) return rank;
  context.addIssue({ code: "custom", message: PRIORITY });
  return z.NEVER;
});

const prose = z.string({ error: "expected text" });
const proseList = z.union([prose.transform((line) => [line]), z.array(prose)], { error: "expected a list of texts" });

const story = z
  .looseObject(
    {
      id: taskIdField.optional(),
      title: text("a title").optional(),
      description: prose.optional(),
      acceptanceCriteria: proseList.optional(),
      steps: proseList.optional(),
      notes: prose.optional(),
      priority: priority.default(Number.POSITIVE_INFINITY).describe("Lower first. Default: after all others."),
      passes: flag.default(false).describe("True when done; all that Cloister writes."),
      dependencies: dependsOn.optional().describe("Another name of dependsOn."),
      ...taskShape,
    },
    { error: "expected a story: an object with title and passes" },
  )
  .refine((value) => (value.title ?? value.description ?? "").trim() !== "", {
    error: "expected a story with a title or a description",
  });

const stories = z.array(story, { error: "expected a list of stories" });

/** The top level of a `prd.json`. */
export const prd: z.ZodType<Prd> = z
  .looseObject(
    { project: prose.optional(), description: prose.optional(), userStories: stories, ...headerShape },
    { error: "expected an object with userStories, or a list of stories" },
  )
  .describe("A list of user stories, as several tools share it.");

/** The bare list of stories that some tools write instead. */
export const prdList: z.ZodType<readonly Story[]> = stories;
