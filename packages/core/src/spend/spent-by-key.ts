import { addAmount } from "./amount.ts";
import { type Period, periodBudgetKeys, runBudgetKeys } from "./budgets-for.ts";
import type { LedgerRow } from "./ledger-row.ts";
import { type Amount, NO_AMOUNT } from "./request-event.ts";

/** What rows came to, by the keys of their runs' own budgets: what a book is seeded with when a run is resumed. */
export function spentByRunKey(rows: readonly LedgerRow[]): ReadonlyMap<string, Amount> {
  return sumBy(rows, (row) => Object.values(runBudgetKeys(row)));
}

/**
 * What rows came to, by the keys of days and months: what a period book is mended with after a crash.
 * @param periodOf the day and month of a row's time on the user's clock.
 */
export function spentByPeriodKey(
  rows: readonly LedgerRow[],
  periodOf: (time: string) => Period,
): ReadonlyMap<string, Amount> {
  return sumBy(rows, (row) => Object.values(periodBudgetKeys(periodOf(row.time))));
}

function sumBy(rows: readonly LedgerRow[], keysOf: (row: LedgerRow) => readonly string[]): ReadonlyMap<string, Amount> {
  const sums = new Map<string, Amount>();
  for (const row of rows) {
    const amount = { cost: row.cost, tokens: row.input + row.cached + row.cacheWrite + row.output };
    for (const key of keysOf(row)) sums.set(key, addAmount(sums.get(key) ?? NO_AMOUNT, amount));
  }
  return sums;
}
