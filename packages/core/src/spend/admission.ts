/**
 * The one rule by which requests are let through, wherever spending is kept: in a run's memory or in the user's file.
 *
 * A1. Overshoot is at most one request in all. A request whose bound fits can't overshoot; one that doesn't fit goes alone, and
 *     while it is under way nothing else fits, so everything else waits.
 * A2. Who waits, waits for something: a request waits only while another is under way in a budget that it does not fit into.
 */
import type { Budget } from "./budget.ts";
import { describeSpent, LIMIT_KINDS, limitOf, spentLimit } from "./budget-limits.ts";
import type { Amount } from "./request-event.ts";

/** A budget, and where it stands. */
export type BudgetStanding = {
  readonly budget: Budget;
  readonly spent: Amount;
  /** Promised to requests that are under way. */
  readonly reserved: Amount;
  /** How many those are. */
  readonly inFlight: number;
};

/** What becomes of a request. `wait`: ask again once a request of the same budgets has settled. */
export type Admission =
  | { readonly type: "admitted" }
  | { readonly type: "wait" }
  | { readonly type: "refused"; readonly budget: Budget; readonly spent: Amount; readonly detail: string };

const ADMITTED: Admission = { type: "admitted" };
const WAIT: Admission = { type: "wait" };

/** Decides on a request that comes to `bound` at most. */
export function judgeAdmission(standings: readonly BudgetStanding[], bound: Amount): Admission {
  for (const { budget, spent } of standings) {
    const kind = spentLimit(budget, spent);
    if (kind !== undefined) return { type: "refused", budget, spent, detail: describeSpent(budget, kind, spent) };
  }
  return standings.some((standing) => standing.inFlight > 0 && !fits(standing, bound)) ? WAIT : ADMITTED;
}

/** A kind of which the request uses nothing fits always: it can't overshoot there. */
function fits({ budget, spent, reserved }: BudgetStanding, bound: Amount): boolean {
  return LIMIT_KINDS.every((kind) => {
    const limit = limitOf(budget, kind);
    return limit === undefined || bound[kind] === 0 || spent[kind] + reserved[kind] + bound[kind] <= limit;
  });
}
