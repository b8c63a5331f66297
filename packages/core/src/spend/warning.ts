import type { Budget } from "./budget.ts";
import { describeWarning, LIMIT_KINDS, limitOf, type LimitKind } from "./budget-limits.ts";
import type { Amount } from "./request-event.ts";

/** The highest limits of a budget that were warned about; 0 for none. */
export type WarnedLimits = Readonly<Record<LimitKind, number>>;

/** No warning was given yet. */
export const NOT_WARNED: WarnedLimits = { cost: 0, tokens: 0 };

/** A soft limit that was crossed. */
export type BudgetCrossing = {
  readonly budget: Budget;
  readonly kind: LimitKind;
  readonly spent: Amount;
  /** One sentence. */
  readonly detail: string;
};

/**
 * The soft limits that `spent` has crossed and that were not warned about yet. A limit is warned about once, and once more when it
 * was raised and is crossed again. Requests that began before a raise settle with the old limit: that warns of nothing new.
 * @param warnAt the share of a limit at which to warn, 0 to 1.
 */
export function findCrossings(
  budget: Budget,
  spent: Amount,
  warned: WarnedLimits,
  warnAt: number,
): readonly BudgetCrossing[] {
  return LIMIT_KINDS.flatMap((kind) => {
    const limit = limitOf(budget, kind);
    if (limit === undefined || limit <= warned[kind] || spent[kind] < limit * warnAt) return [];
    return [{ budget, kind, spent, detail: describeWarning(budget, kind, spent) }];
  });
}

/** `warned` with the limits of `crossings` in it. */
export function recordWarnings(warned: WarnedLimits, crossings: readonly BudgetCrossing[]): WarnedLimits {
  return crossings.reduce((known, { budget, kind }) => ({ ...known, [kind]: limitOf(budget, kind) ?? 0 }), warned);
}
