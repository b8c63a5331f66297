import { deepEqual, equal, ok } from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { taskId, type TaskId } from "../ids.ts";
import { readyTasks } from "./order.ts";
import type { Plan, Task } from "./plan.ts";
import { findCycle } from "./task-graph.ts";
import { MAX_TASKS, validatePlan } from "./validate-plan.ts";

function task(id: string, dependsOn: readonly string[] = [], more: Partial<Task> = {}): Task {
  const rest = { body: "", phases: [], gates: [], limits: {}, allowEmptyDiff: false, done: false } as const;
  return { id: taskId(id), title: id, dependsOn: dependsOn.map(taskId), ...rest, ...more };
}

function plan(tasks: readonly Task[], more: Partial<Plan> = {}): Plan {
  const rest = { gates: undefined, limits: {}, guards: {}, protect: [], setup: undefined } as const;
  return { format: "cloister", title: "", context: "", tasks, ...rest, ...more };
}

/** Tasks that depend on any others: cycles are likely. */
const anyGraph = fc.array(fc.array(fc.nat({ max: 7 }), { maxLength: 3 }), { minLength: 1, maxLength: 8 }).map((edges) =>
  edges.map((to, index) =>
    task(
      `t${index}`,
      to.map((place) => `t${place % edges.length}`),
    ),
  ),
);

/** Tasks that depend on those before them, in any order: never a cycle. */
const acyclic = fc
  .array(fc.array(fc.nat({ max: 11 }), { maxLength: 3 }), { minLength: 1, maxLength: 12 })
  .map((edges) =>
    edges.map((to, index) =>
      task(
        `t${index}`,
        to.filter((place) => place < index).map((place) => `t${place}`),
      ),
    ),
  )
  .chain((tasks) => fc.shuffledSubarray(tasks, { minLength: tasks.length }));

describe("ready tasks", () => {
  test("are those whose dependencies are done, in the plan's order, without those that are done", () => {
    const tasks = [task("c", ["a", "b"]), task("b"), task("a"), task("d", ["c"])];
    const ready = (...done: string[]): string[] => readyTasks(tasks, new Set(done.map(taskId))).map(({ id }) => id);
    deepEqual(ready(), ["b", "a"]);
    deepEqual(ready("a"), ["b"]);
    deepEqual(ready("a", "b"), ["c"]);
    deepEqual(ready("a", "b", "c", "d"), []);
  });

  test("lead through every plan without a cycle, each task after what it depends on", () => {
    fc.assert(
      fc.property(acyclic, (tasks) => {
        const done = new Set<TaskId>();
        for (let [next] = readyTasks(tasks, done); next !== undefined; [next] = readyTasks(tasks, done)) {
          ok(next.dependsOn.every((id) => done.has(id)));
          done.add(next.id);
        }
        equal(done.size, tasks.length);
      }),
    );
  });
});

describe("a cycle of dependencies", () => {
  test("is found exactly where the tasks can't all become ready, and each in it depends on the next", () => {
    fc.assert(
      fc.property(anyGraph, (tasks) => {
        const done = new Set<TaskId>();
        for (let [next] = readyTasks(tasks, done); next !== undefined; [next] = readyTasks(tasks, done))
          done.add(next.id);
        const cycle = findCycle(tasks);
        equal(cycle === undefined, done.size === tasks.length);
        for (const [index, id] of (cycle ?? []).entries()) {
          const next = cycle?.[(index + 1) % cycle.length];
          ok(tasks.find((task) => task.id === id)?.dependsOn.some((dependency) => dependency === next));
        }
      }),
    );
  });

  test("of every task of the largest plan is found without exhausting the stack", () => {
    const tasks = Array.from({ length: MAX_TASKS }, (_, index) => task(`t${index}`, [`t${(index + 1) % MAX_TASKS}`]));
    equal(findCycle(tasks)?.length, MAX_TASKS);
  });
});

describe("a plan has a problem", () => {
  const gate = (name: string): Task["gates"][number] => ({ name, command: "x" });
  const cases: readonly (readonly [string, Plan, PropertyKey[][]])[] = [
    ["not, when all fits", plan([task("a"), task("b", ["a"], { gates: [gate("y")] })], { gates: [gate("x")] }), []],
    ["without tasks", plan([]), [[]]],
    [
      "with too many tasks",
      plan(Array.from({ length: MAX_TASKS + 1 }, (_, n) => task(`${n}`))),
      [["tasks", MAX_TASKS]],
    ],
    ["with an id twice", plan([task("a"), task("a")]), [["tasks", 1, "id"]]],
    ["with an unknown dependency", plan([task("a", ["b", "c"]), task("b")]), [["tasks", 0, "dependsOn", 1]]],
    ["with a task that waits for itself", plan([task("a", ["a"])]), [["tasks", 0, "dependsOn", 0]]],
    ["with a cycle", plan([task("a"), task("b", ["c"]), task("c", ["b"])]), [["tasks", 1, "dependsOn"]]],
    ["with a gate's name twice", plan([task("a")], { gates: [gate("x"), gate("x")] }), [["gates", 1]]],
    [
      "with a task's gate named as the plan's",
      plan([task("a", [], { gates: [gate("x")] })], { gates: [gate("x")] }),
      [["tasks", 0, "gates", 0]],
    ],
    [
      "not, when two tasks use one name",
      plan([task("a", [], { gates: [gate("x")] }), task("b", [], { gates: [gate("x")] })]),
      [],
    ],
  ];
  for (const [why, given, paths] of cases) {
    test(why, () =>
      deepEqual(
        validatePlan(given).map(({ path }) => path),
        paths,
      ),
    );
  }
});
