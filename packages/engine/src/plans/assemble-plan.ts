import { dirname, resolve } from "node:path";
import {
  DEFAULT_PHASES,
  taskId,
  validatePlan,
  type GateSpec,
  type Phase,
  type Plan,
  type PlanProblem,
  type Task,
} from "@cloister/core";
import { compact } from "../config/fields.ts";
import { sourceError, type SourceText } from "../config/source-text.ts";
import { MAX_COMPLAINTS } from "../config/validate.ts";
import type { PlanDraft, TaskDraft } from "./plan-draft.ts";
import { createIdMaker } from "./titles.ts";

/**
 * Makes a plan of what a format read.
 * @throws CloisterError with the line of the first thing in it that does not fit together.
 */
export function assemblePlan(source: SourceText, draft: PlanDraft, phases: readonly Phase[] = DEFAULT_PHASES): Plan {
  const { header } = draft;
  const makeId = createIdMaker(draft.tasks.flatMap(({ id }) => id ?? []));
  const shared = header.phases ?? phases;
  const plan: Plan = {
    format: draft.format,
    title: draft.title,
    context: draft.context,
    tasks: draft.tasks.map((task) => toTask(source, task, task.id ?? makeId(task.title), shared)),
    gates: gatesOf(source, draft),
    limits: header.limits ?? {},
    guards: header.guards ?? {},
    protect: header.protect ?? [],
    setup: header.setup,
  };
  const located = validatePlan(plan)
    .slice(0, MAX_COMPLAINTS)
    .map((problem) => ({ ...problem, line: lineOf(draft, problem) }));
  const [first] = located.sort((left, right) => left.line - right.line);
  if (first !== undefined) throw sourceError(source, first.line, first);
  return plan;
}

function toTask(source: SourceText, draft: TaskDraft, id: string, phases: readonly Phase[]): Task {
  const { metadata } = draft;
  const gates = (metadata.gates ?? []).map((gate) => ({ required: true, ...withFolder(source, gate) }));
  return {
    id: taskId(id),
    title: draft.title,
    body: draft.body,
    dependsOn: (metadata.dependsOn ?? []).map(taskId),
    phases: metadata.phases ?? phases,
    gates,
    limits: metadata.limits ?? {},
    allowEmptyDiff: metadata.allowEmptyDiff ?? false,
    done: draft.done,
  };
}

function gatesOf(source: SourceText, { header, sectionGates }: PlanDraft): readonly GateSpec[] | undefined {
  if (header.gates === undefined && sectionGates.length === 0) return undefined;
  return [...(header.gates ?? []), ...sectionGates.map(({ gate }) => gate)].map((gate) => withFolder(source, gate));
}

/** Held-out files stand beside the plan: their folder is relative to the plan's. */
function withFolder({ file }: SourceText, { heldOutFiles, ...gate }: GateSpec): GateSpec {
  const folder = heldOutFiles === undefined ? undefined : resolve(dirname(file ?? "."), heldOutFiles);
  return compact({ ...gate, heldOutFiles: folder });
}

function lineOf(draft: PlanDraft, { path }: PlanProblem): number {
  const [part, index, ...rest] = path;
  if (part === undefined) return 1;
  if (part === "tasks") return draft.tasks[Number(index)]?.lineOf(rest) ?? 1;
  const inHeader = draft.header.gates?.length ?? 0;
  const ofSection = part === "gates" ? draft.sectionGates[Number(index) - inHeader] : undefined;
  return ofSection?.line ?? draft.lineOf(path);
}
