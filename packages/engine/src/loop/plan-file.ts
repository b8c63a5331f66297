import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { TaskId } from "@cloister/core";
import { markDone } from "../plans/index.ts";

/**
 * The plan's file as the run keeps it. The run's own copy is the truth; the file in the workspace follows it, so that an agent
 * that ticks boxes by itself convinces nobody.
 */
export interface PlanFile {
  /** Path in the workspace, relative to it; undefined where the plan lies elsewhere, or is a bare prompt. */
  readonly inWorkspace: string | undefined;
  /** Where later contexts find and leave what was learnt, relative to the workspace. */
  readonly learnings: string;
  /** Writes the run's copy into the workspace where the file differs. True where it did. */
  restore(): boolean;
  /** Marks a task as done, in the copy and in the workspace. */
  markDone(task: TaskId): void;
}

/** What a {@link PlanFile} is made of. */
export type PlanFileOptions = {
  /** Folder of the run. */
  readonly runFolder: string;
  readonly workspace: string;
  /** See `RunCharter.planFile`. */
  readonly planFile: string;
  /** The plan's text, for a new run. */
  readonly text?: string;
};

/** Opens the plan's file of a run; with `text`, makes the run's copy. */
export function openPlanFile({ runFolder, workspace, planFile, text }: PlanFileOptions): PlanFile {
  const copy = join(runFolder, "plan", basename(planFile) || "prompt.md");
  if (text !== undefined) write(copy, text);
  const inside = planFile === "" || planFile.startsWith("/") ? undefined : planFile;
  const restore = (): boolean => {
    if (inside === undefined) return false;
    const path = join(workspace, inside);
    const wanted = readFileSync(copy, "utf8");
    if (existsSync(path) && readFileSync(path, "utf8") === wanted) return false;
    write(path, wanted);
    return true;
  };
  return {
    inWorkspace: inside,
    learnings: inside === undefined ? "LEARNINGS.md" : join(dirname(inside), "LEARNINGS.md"),
    restore,
    markDone(taskId) {
      if (planFile === "") return;
      write(copy, markDone({ path: planFile, text: readFileSync(copy, "utf8"), taskId }));
      restore();
    },
  };
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
