import type { Budget, BudgetLimits, BudgetPolicy, BudgetScope } from "./budget.ts";

/** Whose request it is. */
export type SpendIdentity = { readonly run: string; readonly task: string; readonly iteration: number };

/** The day and month on the user's clock, as `2026-11-21` and `2026-11`. */
export type Period = { readonly day: string; readonly month: string };

/** What the budgets of a request are made of. */
export type BudgetContext = {
  readonly policy: BudgetPolicy;
  /** Limits of the run itself, from its plan, flags or a raise. They win over the policy's. */
  readonly runLimits: BudgetLimits;
  readonly period: Period;
};

/** Keys of the budgets that a run's own book keeps: narrow ones first. */
export function runBudgetKeys({ run, task, iteration }: SpendIdentity): Readonly<Record<RunScope, string>> {
  return { iteration: `iteration:${run}:${iteration}`, task: `task:${run}:${task}`, run: `run:${run}` };
}

/** Keys of the budgets that every run of a user counts against. */
export function periodBudgetKeys({ day, month }: Period): Readonly<Record<PeriodScope, string>> {
  return { day: `day:${day}`, month: `month:${month}` };
}

type RunScope = Extract<BudgetScope, "iteration" | "task" | "run">;
type PeriodScope = Exclude<BudgetScope, RunScope>;

/**
 * The budgets that a request counts against, narrow ones first. Those of a run are always there, so that one that has no limit yet
 * can be given one later; days and months only where they are limited.
 */
export function budgetsFor(identity: SpendIdentity, { policy, runLimits, period }: BudgetContext): readonly Budget[] {
  const { limits } = policy;
  const keys = runBudgetKeys(identity);
  return [
    { ...limits.iteration, scope: "iteration", key: keys.iteration },
    { ...limits.task, scope: "task", key: keys.task },
    { ...limits.run, ...limitsOf(runLimits), scope: "run", key: keys.run },
    ...periodBudgets(policy, period),
  ];
}

/** Tells whether a budget is shared by all runs of the user. */
export function isPeriodBudget({ scope }: Budget): boolean {
  return scope === "day" || scope === "month";
}

const PERIOD_SCOPES = ["day", "month"] as const;

function periodBudgets({ limits }: BudgetPolicy, period: Period): readonly Budget[] {
  const limited = PERIOD_SCOPES.filter((scope) => isLimited(limits[scope]));
  if (limited.length === 0) return [];
  const keys = periodBudgetKeys(period);
  return limited.map((scope) => ({ ...limitsOf(limits[scope] ?? {}), scope, key: keys[scope] }));
}

function isLimited(limits: BudgetLimits | undefined): boolean {
  return limits?.maxCost !== undefined || limits?.maxTokens !== undefined;
}

/** The limits alone: callers may pass more than those. */
function limitsOf({ maxCost, maxTokens }: BudgetLimits): BudgetLimits {
  if (maxTokens === undefined) return maxCost === undefined ? {} : { maxCost };
  return maxCost === undefined ? { maxTokens } : { maxCost, maxTokens };
}
