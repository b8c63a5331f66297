import { addMoney, describeMoney, type MicroUsd } from "../money.ts";
import { describeCount } from "../report/count.ts";
import type { LedgerRow } from "./ledger-row.ts";

/** An earlier run: its ledger, and the tasks that it completed. */
export type PastRun = { readonly rows: readonly LedgerRow[]; readonly completed: readonly string[] };

/** What a plan may cost, in micro-dollars, and of how many completed tasks that is known. */
export type PlanEstimate =
  | { readonly type: "no_history" }
  | {
      readonly type: "estimate";
      /** Every task like the cheapest quarter, the median, the dearest tenth of earlier ones. */
      readonly low: MicroUsd;
      readonly likely: MicroUsd;
      readonly high: MicroUsd;
      readonly samples: number;
    };

/**
 * Estimates what `tasks` tasks will cost, from what completed tasks of earlier runs cost. Tasks that cost nothing count as well:
 * their models were free. Tasks of which the gateway saw no request don't: nothing is known of them.
 */
export function estimatePlan(history: readonly PastRun[], tasks: number): PlanEstimate {
  const costs = history.flatMap(costsOfCompleted).sort((left, right) => left - right);
  if (costs.length === 0) return { type: "no_history" };
  const times = (share: number): MicroUsd => Math.round(percentile(costs, share) * tasks) as MicroUsd;
  return { type: "estimate", low: times(0.25), likely: times(0.5), high: times(0.9), samples: costs.length };
}

/** An estimate in words, to stand after "Estimated cost": `about $1.20 (likely between $0.80 and $3.10), from …`. */
export function describeEstimate(estimate: PlanEstimate): string {
  if (estimate.type === "no_history") return "no history yet";
  const [low, likely, high] = [estimate.low, estimate.likely, estimate.high].map(describeMoney);
  const range = low === high ? "" : ` (likely between ${low} and ${high})`;
  return `about ${likely}${range}, from ${describeCount(estimate.samples, "completed task")} of earlier runs`;
}

function costsOfCompleted({ rows, completed }: PastRun): readonly MicroUsd[] {
  const costs = new Map<string, MicroUsd>();
  for (const { task, cost } of rows) costs.set(task, addMoney(costs.get(task) ?? (0 as MicroUsd), cost));
  return [...new Set(completed)].flatMap((task) => costs.get(task) ?? []);
}

/** The value below which `share` of `sorted` (not empty) lies, interpolated between neighbours. */
function percentile(sorted: readonly number[], share: number): number {
  const place = share * (sorted.length - 1);
  const below = sorted[Math.floor(place)] ?? 0;
  const above = sorted[Math.ceil(place)] ?? 0;
  return below + (above - below) * (place - Math.floor(place));
}
