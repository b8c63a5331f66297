import type { TaskId } from "../ids.ts";
import type { Task } from "./plan.ts";

/** What the graph needs to know of a task. */
export type TaskNode = Pick<Task, "id" | "dependsOn">;

/**
 * Finds a cycle of dependencies.
 * @returns the ids along it, each depending on the next and the last on the first; undefined where there is none.
 */
export function findCycle(tasks: readonly TaskNode[]): TaskId[] | undefined {
  const stuck = withoutFreeTasks(tasks);
  const first = stuck.keys().next();
  if (first.done === true) return undefined;
  const path: TaskId[] = [];
  // Every stuck task depends on another stuck one: following them must come back to where it has been.
  for (let id = first.value; ; id = nextStuck(stuck, id)) {
    const start = path.indexOf(id);
    if (start !== -1) return path.slice(start);
    path.push(id);
  }
}

/** Takes away, again and again, the tasks that depend on nothing that is left. What stays is on a cycle or depends on one. */
function withoutFreeTasks(tasks: readonly TaskNode[]): Map<TaskId, readonly TaskId[]> {
  const known = new Set(tasks.map((task) => task.id));
  const left = new Map(tasks.map((task) => [task.id, task.dependsOn.filter((id) => known.has(id))]));
  const waiting = new Map([...left].map(([id, dependsOn]) => [id, dependsOn.length]));
  const dependents = dependentsOf(left);
  const free = [...waiting].filter(([, count]) => count === 0).map(([id]) => id);
  for (let id = free.pop(); id !== undefined; id = free.pop()) {
    left.delete(id);
    for (const dependent of dependents.get(id) ?? []) {
      const count = (waiting.get(dependent) ?? 0) - 1;
      waiting.set(dependent, count);
      if (count === 0) free.push(dependent);
    }
  }
  return left;
}

function dependentsOf(graph: ReadonlyMap<TaskId, readonly TaskId[]>): Map<TaskId, TaskId[]> {
  const dependents = new Map<TaskId, TaskId[]>();
  for (const [id, dependsOn] of graph) {
    for (const dependency of dependsOn) dependents.set(dependency, [...(dependents.get(dependency) ?? []), id]);
  }
  return dependents;
}

function nextStuck(stuck: ReadonlyMap<TaskId, readonly TaskId[]>, id: TaskId): TaskId {
  const next = stuck.get(id)?.find((dependency) => stuck.has(dependency));
  if (next === undefined) throw new Error(`findCycle: ${id} is stuck on nothing`);
  return next;
}
