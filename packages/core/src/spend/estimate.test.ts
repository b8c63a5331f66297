import assert from "node:assert/strict";
import { test } from "node:test";
import type { MicroUsd } from "../money.ts";
import { describeEstimate, estimatePlan, type PastRun } from "./estimate.ts";
import { foldLedger } from "./ledger.ts";
import { settled } from "./testing/samples.ts";

/** A run whose tasks `t0`, `t1`, … cost what the lists say, one request an entry; `completed` are those that were completed. */
function pastRun(costs: readonly (readonly number[])[], completed: readonly number[]): PastRun {
  const { rows } = foldLedger(
    costs.flatMap((requests, task) =>
      requests.map((cost, index) => ({
        time: 0,
        run: "r1",
        task: `t${task}`,
        event: settled(`${task}-${index}`, { cost: cost as MicroUsd }),
      })),
    ),
  );
  return { rows, completed: completed.map((task) => `t${task}`) };
}

const CASES: readonly {
  readonly name: string;
  readonly history: readonly PastRun[];
  readonly tasks: number;
  readonly expected: ReturnType<typeof estimatePlan>;
}[] = [
  { name: "no run at all", history: [], tasks: 3, expected: { type: "no_history" } },
  {
    name: "runs that completed nothing",
    history: [pastRun([[10], [20]], [])],
    tasks: 3,
    expected: { type: "no_history" },
  },
  {
    name: "completed tasks that went past the gateway",
    history: [pastRun([], [0])],
    tasks: 3,
    expected: { type: "no_history" },
  },
  {
    name: "one task, of which every request counts",
    history: [pastRun([[10, 20]], [0])],
    tasks: 3,
    expected: { type: "estimate", low: 90 as MicroUsd, likely: 90 as MicroUsd, high: 90 as MicroUsd, samples: 1 },
  },
  {
    name: "five tasks of two runs that bear the same names, unsorted, and one that was not completed",
    history: [pastRun([[900], [100], [1_000_000]], [0, 1, 1]), pastRun([[300], [500], [200]], [0, 1, 2])],
    tasks: 10,
    expected: { type: "estimate", low: 2000 as MicroUsd, likely: 3000 as MicroUsd, high: 7400 as MicroUsd, samples: 5 },
  },
  {
    name: "a plan without tasks",
    history: [pastRun([[10]], [0])],
    tasks: 0,
    expected: { type: "estimate", low: 0 as MicroUsd, likely: 0 as MicroUsd, high: 0 as MicroUsd, samples: 1 },
  },
];

for (const { name, history, tasks, expected } of CASES) {
  test(`an estimate from ${name}`, () => assert.deepEqual(estimatePlan(history, tasks), expected));
}

const DESCRIBED: readonly (readonly [name: string, history: readonly PastRun[], words: string])[] = [
  ["no history", [], "no history yet"],
  ["one task", [pastRun([[600_000]], [0])], "about $1.20, from 1 completed task of earlier runs"],
  [
    "several tasks",
    [pastRun([[500_000], [600_000], [900_000]], [0, 1, 2])],
    "about $1.20 (likely between $1.10 and $1.68), from 3 completed tasks of earlier runs",
  ],
];

for (const [name, history, words] of DESCRIBED)
  test(`an estimate of two tasks from ${name} is put in words`, () => {
    assert.equal(describeEstimate(estimatePlan(history, 2)), words);
  });
