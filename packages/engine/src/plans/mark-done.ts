import type { TaskId } from "@cloister/core";
import { sourceError } from "../config/source-text.ts";
import { assemblePlan } from "./assemble-plan.ts";
import { readDraft, type PlanText } from "./read-plan.ts";

/** A plan's text, and the task that was proven done. */
export type DoneMark = Pick<PlanText, "path" | "text"> & { readonly taskId: TaskId };

/**
 * Writes into a plan's text that a task is done, in the plan's own format and with the smallest edit. Reading the result gives the
 * same plan, but for `done` of that task (and, where a numbered task's boxes are ticked, but for these boxes in its body).
 * Idempotent. A bare prompt has no place for it and stays as it is.
 * @throws CloisterError `plan_invalid` where the text is no plan, or has no such task.
 */
export function markDone({ path, text, taskId }: DoneMark): string {
  const { source, draft } = readDraft(path, text);
  const plan = assemblePlan(source, draft);
  const index = plan.tasks.findIndex(({ id }) => id === taskId);
  const task = draft.tasks[index];
  if (task === undefined) {
    const message = `expected a task \`${taskId}\`, found none.`;
    throw sourceError(source, 1, { message, remedy: "Was the plan changed since the run began?" });
  }
  if (task.done) return text;
  const mark = text.slice(0, text.length - source.text.length);
  let result = source.text;
  for (const edit of task.tick().toSorted((left, right) => right.start - left.start)) {
    result = result.slice(0, edit.start) + edit.text + result.slice(edit.end);
  }
  return mark + result;
}
