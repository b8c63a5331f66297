import assert from "node:assert/strict";
import { test } from "node:test";
import type { BudgetPolicy, BudgetScope } from "./budget.ts";
import { describeSpent } from "./budget-limits.ts";
import { budgetsFor, isPeriodBudget } from "./budgets-for.ts";
import { amount, budget, limits } from "./testing/samples.ts";

const IDENTITY = { run: "20261121-abcd", task: "t1", iteration: 7 };
const PERIOD = { day: "2026-11-21", month: "2026-11" };

function policy(given: BudgetPolicy["limits"]): BudgetPolicy {
  return { limits: given, warnAt: 0.8 };
}

test("without limits, only the run's own budgets are kept, unlimited", () => {
  assert.deepEqual(budgetsFor(IDENTITY, { policy: policy({ day: {} }), runLimits: {}, period: PERIOD }), [
    { scope: "iteration", key: "iteration:20261121-abcd:7" },
    { scope: "task", key: "task:20261121-abcd:t1" },
    { scope: "run", key: "run:20261121-abcd" },
  ]);
});

test("each scope has its own limits, days and months where they are limited", () => {
  const all = policy({
    iteration: limits(1),
    task: limits(2, 20),
    run: limits(3),
    day: limits(undefined, 40),
    month: limits(5),
  });
  const budgets = budgetsFor(IDENTITY, { policy: all, runLimits: {}, period: PERIOD });
  assert.deepEqual(budgets, [
    { scope: "iteration", key: "iteration:20261121-abcd:7", maxCost: 1 },
    { scope: "task", key: "task:20261121-abcd:t1", maxCost: 2, maxTokens: 20 },
    { scope: "run", key: "run:20261121-abcd", maxCost: 3 },
    { scope: "day", key: "day:2026-11-21", maxTokens: 40 },
    { scope: "month", key: "month:2026-11", maxCost: 5 },
  ]);
  assert.deepEqual(budgets.map(isPeriodBudget), [false, false, false, true, true]);
});

test("the run's own limits win over the policy's, one by one, and nothing else of them comes in", () => {
  const runLimits = { ...limits(9), maxIterations: 4 };
  const [, , run] = budgetsFor(IDENTITY, { policy: policy({ run: limits(3, 30) }), runLimits, period: PERIOD });
  assert.deepEqual(run, { scope: "run", key: "run:20261121-abcd", maxCost: 9, maxTokens: 30 });
});

const REFUSALS: readonly (readonly [BudgetScope, "cost" | "tokens", string])[] = [
  ["run", "cost", "This run's budget of $5.00 is spent: $5.02. Raise it with: cloister resume --max-cost N"],
  [
    "run",
    "tokens",
    "This run's budget of 70,000 tokens is spent: 70,001 tokens. Raise it with: cloister resume --max-tokens N",
  ],
  [
    "iteration",
    "cost",
    "This iteration's budget of $5.00 is spent: $5.02. Raise it in the configuration: gateway.budgets.iteration.maxCost",
  ],
  [
    "task",
    "tokens",
    "This task's budget of 70,000 tokens is spent: 70,001 tokens. Raise it in the configuration: gateway.budgets.task.maxTokens",
  ],
  [
    "day",
    "cost",
    "Today's budget of $5.00 is spent: $5.02. Raise it in the configuration: gateway.budgets.day.maxCost",
  ],
  [
    "month",
    "cost",
    "This month's budget of $5.00 is spent: $5.02. Raise it in the configuration: gateway.budgets.month.maxCost",
  ],
];

for (const [scope, kind, text] of REFUSALS) {
  test(`a spent limit of ${kind} for the ${scope} says how to raise it`, () => {
    assert.equal(describeSpent(budget(scope, 5_000_000, 70_000), kind, amount(5_020_000, 70_001)), text);
  });
}
