import type { TaskId } from "../ids.ts";
import type { Task } from "./plan.ts";

/** The tasks that are not done and whose dependencies all are, in the plan's order. */
export function readyTasks(tasks: readonly Task[], done: ReadonlySet<TaskId>): readonly Task[] {
  return tasks.filter((task) => !done.has(task.id) && task.dependsOn.every((id) => done.has(id)));
}
