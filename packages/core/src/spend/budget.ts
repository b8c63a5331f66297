import type { MicroUsd } from "../money.ts";

/** What a budget is for. Days and months are those of the user's clock, and count every run of theirs. */
export const BUDGET_SCOPES = ["iteration", "task", "run", "day", "month"] as const;
export type BudgetScope = (typeof BUDGET_SCOPES)[number];

/** Limits of one scope. What is left out is not limited. */
export type BudgetLimits = { readonly maxCost?: MicroUsd; readonly maxTokens?: number };

/** Budgets by scope, and the share of each at which a warning is given. */
export type BudgetPolicy = {
  readonly limits: Readonly<Partial<Record<BudgetScope, BudgetLimits>>>;
  /** 0 to 1. */
  readonly warnAt: number;
};

/** A budget that a request counts against. */
export type Budget = BudgetLimits & {
  readonly scope: BudgetScope;
  /** Which one of its scope: `iteration:RUN:7`, `run:RUN`, `day:2026-11-21`. Unique across scopes and runs. */
  readonly key: string;
  /** The command that raises it, for who is told that it is spent. Left out: `cloister resume`. */
  readonly raisedBy?: string;
};
