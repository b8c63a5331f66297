import { describeMoney, type MicroUsd } from "../money.ts";
import { describeCount } from "../report/count.ts";
import type { Budget, BudgetScope } from "./budget.ts";
import type { Amount } from "./request-event.ts";

/** The two things that a budget can limit. */
export const LIMIT_KINDS = ["cost", "tokens"] as const;
export type LimitKind = (typeof LIMIT_KINDS)[number];

/** The limit of one kind; undefined where the budget has none. */
export function limitOf(budget: Budget, kind: LimitKind): number | undefined {
  return kind === "cost" ? budget.maxCost : budget.maxTokens;
}

/** The kind of limit that is spent: at least the limit was used. Undefined where there is room under each. */
export function spentLimit(budget: Budget, spent: Amount): LimitKind | undefined {
  return LIMIT_KINDS.find((kind) => {
    const limit = limitOf(budget, kind);
    return limit !== undefined && spent[kind] >= limit;
  });
}

const OWNERS: Readonly<Record<BudgetScope, string>> = {
  iteration: "This iteration's",
  task: "This task's",
  run: "This run's",
  day: "Today's",
  month: "This month's",
};

/** Why a request is refused, and how to raise the limit: `This run's budget of $5.00 is spent: $5.02. Raise it with: …` */
export function describeSpent(budget: Budget, kind: LimitKind, spent: Amount): string {
  return `${describeLimit(budget, kind)} is spent: ${describeUse(kind, spent[kind])}. ${remedy(budget, kind)}`;
}

/** That a soft limit was crossed: `This run's budget of $5.00 is spent to 82 %: $4.10.` */
export function describeWarning(budget: Budget, kind: LimitKind, spent: Amount): string {
  const limit = limitOf(budget, kind) ?? 0;
  const share = limit === 0 ? 100 : Math.floor((spent[kind] / limit) * 100);
  return `${describeLimit(budget, kind)} is spent to ${share} %: ${describeUse(kind, spent[kind])}.`;
}

function describeLimit(budget: Budget, kind: LimitKind): string {
  return `${OWNERS[budget.scope]} budget of ${describeUse(kind, limitOf(budget, kind) ?? 0)}`;
}

function describeUse(kind: LimitKind, used: number): string {
  return kind === "cost" ? describeMoney(used as MicroUsd) : describeCount(used, "token");
}

function remedy({ scope, raisedBy = "cloister resume" }: Budget, kind: LimitKind): string {
  if (scope === "run") return `Raise it with: ${raisedBy} --max-${kind} N`;
  const field = kind === "cost" ? "maxCost" : "maxTokens";
  return `Raise it in the configuration: gateway.budgets.${scope}.${field}`;
}
