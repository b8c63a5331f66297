import type { TaskId } from "../ids.ts";
import type { GateSpec, Plan, Task } from "./plan.ts";
import { findCycle } from "./task-graph.ts";

/** Tasks that a plan may hold. A plan of more is a mistake, or meant to exhaust memory. */
export const MAX_TASKS = 2000;

/** What is wrong with a plan whose parts are each well formed. */
export type PlanProblem = {
  /** Where: keys and indices from the plan down, as in `["tasks", 2, "dependsOn", 0]`. */
  readonly path: readonly (string | number)[];
  /** What was expected, what came. */
  readonly message: string;
  readonly remedy: string;
};

/** Checks what no single part of a plan can know: ids, dependencies and gate names. The first problem is the first in the plan. */
export function validatePlan(plan: Plan): PlanProblem[] {
  if (plan.tasks.length === 0) {
    return [{ path: [], message: "expected at least one task, found none.", remedy: "Add a task." }];
  }
  if (plan.tasks.length > MAX_TASKS) {
    const message = `expected ${MAX_TASKS} tasks at most, found ${plan.tasks.length}.`;
    return [{ path: ["tasks", MAX_TASKS], message, remedy: "Split the plan." }];
  }
  const problems = [...duplicateIds(plan.tasks), ...badDependencies(plan.tasks), ...duplicateGates(plan)];
  return problems.length > 0 ? problems : cycles(plan.tasks);
}

function* duplicateIds(tasks: readonly Task[]): Generator<PlanProblem> {
  const seen = new Set<TaskId>();
  for (const [index, { id }] of tasks.entries()) {
    if (seen.has(id)) {
      const message = `expected an id of its own for each task, found \`${id}\` twice.`;
      yield { path: ["tasks", index, "id"], message, remedy: "Give one of them another id." };
    }
    seen.add(id);
  }
}

function* badDependencies(tasks: readonly Task[]): Generator<PlanProblem> {
  const ids = new Set(tasks.map((task) => task.id));
  for (const [index, task] of tasks.entries()) {
    for (const [place, id] of task.dependsOn.entries()) {
      if (ids.has(id) && id !== task.id) continue;
      const path = ["tasks", index, "dependsOn", place];
      const found = id === task.id ? "its own" : `\`${id}\``;
      const message = `task \`${task.id}\`: expected the id of another task to depend on, found ${found}.`;
      yield { path, message, remedy: `Ids in this plan: ${listIds(tasks)}.` };
    }
  }
}

function* duplicateGates(plan: Plan): Generator<PlanProblem> {
  const shared = plan.gates ?? [];
  yield* duplicateNames(shared, new Set(), ["gates"]);
  const sharedNames = new Set(shared.map((gate) => gate.name));
  for (const [index, task] of plan.tasks.entries()) {
    yield* duplicateNames(task.gates, new Set(sharedNames), ["tasks", index, "gates"]);
  }
}

function* duplicateNames(
  gates: readonly GateSpec[],
  seen: Set<string>,
  path: readonly (string | number)[],
): Generator<PlanProblem> {
  for (const [index, { name }] of gates.entries()) {
    if (seen.has(name)) {
      const message = `expected a name of its own for each gate, found \`${name}\` twice.`;
      yield { path: [...path, index], message, remedy: "Rename one of them." };
    }
    seen.add(name);
  }
}

function cycles(tasks: readonly Task[]): PlanProblem[] {
  const cycle = findCycle(tasks);
  const [first] = cycle ?? [];
  if (cycle === undefined || first === undefined) return [];
  const index = tasks.findIndex((task) => task.id === first);
  const message = `expected dependencies without a cycle, found ${[...cycle, first].join(" → ")}.`;
  return [{ path: ["tasks", index, "dependsOn"], message, remedy: "Take one of these dependencies out." }];
}

function listIds(tasks: readonly Task[]): string {
  const shown = tasks.slice(0, 12).map((task) => task.id);
  return shown.join(", ") + (tasks.length > shown.length ? ", …" : "");
}
