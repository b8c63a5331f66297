import type { Phase, Plan } from "@cloister/core";
import { cleanSource, readSource, sourceError, type SourceText } from "../config/source-text.ts";
import { assemblePlan } from "./assemble-plan.ts";
import { hasChecklist, readChecklist } from "./checklist.ts";
import { readHeadingTasks, toTaskHeading } from "./heading-tasks.ts";
import { readOutline } from "./outline.ts";
import type { PlanDraft } from "./plan-draft.ts";
import { readPrd } from "./prd-json.ts";
import { draftOfPrompt, readPrompt } from "./prompt.ts";

/** Larger plans are refused. */
export const MAX_PLAN_BYTES: number = 4 * 1024 * 1024;

/** A plan's text, and where it came from. */
export type PlanText = {
  /** As the user named it: for messages, and to find held-out files beside it. */
  readonly path: string;
  readonly text: string;
  /** Phases of tasks that name none, in a plan that names none. Default: `DEFAULT_PHASES`. */
  readonly phases?: readonly Phase[];
};

/**
 * Reads a plan in any of the formats of `docs/plan-format.md`; which one, its content says.
 * @throws CloisterError `plan_invalid` with file and line where it is no plan.
 */
export function readPlan({ path, text, phases }: PlanText): Plan {
  const { source, draft } = readDraft(path, text);
  return assemblePlan(source, draft, phases);
}

/**
 * Reads a plan from a file of at most {@link MAX_PLAN_BYTES}, in UTF-8.
 * @throws CloisterError `plan_invalid` as {@link readPlan} does, and where the file cannot be read.
 */
export function readPlanFile(path: string, phases?: readonly Phase[]): Plan {
  return readPlan({ path, text: readPlanText(path), ...(phases === undefined ? {} : { phases }) });
}

/**
 * The text of a plan's file of at most {@link MAX_PLAN_BYTES}, in UTF-8.
 * @throws CloisterError `plan_invalid` where the file cannot be read.
 */
export function readPlanText(path: string): string {
  return readSource({ code: "plan_invalid", file: path }, path, MAX_PLAN_BYTES).text;
}

/**
 * The plan of a bare prompt (`-p "…"`): one task, and nothing in the text is read as anything but text.
 * @throws CloisterError `plan_invalid` where it is empty.
 */
export function promptPlan(text: string, phases?: readonly Phase[]): Plan {
  const source = cleanSource({ code: "plan_invalid", file: undefined, text });
  if (source.text.trim() === "") throw emptyError(source);
  return assemblePlan(source, draftOfPrompt(source), phases);
}

/**
 * Reads a plan as far as one format goes; ids and dependencies are not checked yet.
 * @throws CloisterError `plan_invalid`.
 */
export function readDraft(path: string, text: string): { readonly source: SourceText; readonly draft: PlanDraft } {
  const source = cleanSource({ code: "plan_invalid", file: path, text });
  if (source.text.trim() === "") throw emptyError(source);
  return { source, draft: isJson(source) ? readPrd(source) : readMarkdown(source) };
}

/** JSON begins with `{`, or with a list of objects; a file that is named so is meant so. */
function isJson({ file, text }: SourceText): boolean {
  return /^\s*(?:\{|\[\s*[{\]])/.test(text) || file?.toLowerCase().endsWith(".json") === true;
}

function readMarkdown(source: SourceText): PlanDraft {
  const outline = readOutline(source);
  if (outline.lines.some((line) => toTaskHeading(line) !== undefined)) return readHeadingTasks(outline);
  return hasChecklist(outline) ? readChecklist(outline) : readPrompt(outline);
}

function emptyError(source: SourceText): Error {
  return sourceError(source, 1, {
    message: "expected a plan, found an empty text.",
    remedy: "Write down what is to be done.",
  });
}
