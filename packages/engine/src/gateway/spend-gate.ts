import type { Amount, Budget, BudgetCrossing, RequestEvent, SpendBook } from "@cloister/core";
import { type Identity, RefusedError } from "./port.ts";

/** An amount that is set aside for a request. */
export interface Reservation {
  /** Replaces it by what the request came to. Called once. @returns the warnings that follow. */
  settle(actual: Amount): readonly RequestEvent[];
}

/** Lets requests through as their budgets allow. */
export interface SpendGate {
  /** Waits while requests under way may use up what is left. @throws RefusedError where a budget is spent; Error where `signal` aborts. */
  reserve(identity: Identity, bound: Amount, signal: AbortSignal): Promise<Reservation>;
}

/** @param budgetsOf is asked at every request, so that a raised limit holds at once. */
export function createSpendGate(budgetsOf: (identity: Identity) => readonly Budget[], book: SpendBook): SpendGate {
  let settled = Promise.withResolvers<void>();
  const settle = (budgets: readonly Budget[], bound: Amount, actual: Amount): readonly RequestEvent[] => {
    const crossed = book.settle(budgets, bound, actual);
    settled.resolve();
    settled = Promise.withResolvers();
    return crossed.map(toWarning);
  };
  return {
    async reserve(identity, bound, signal) {
      for (;;) {
        const budgets = budgetsOf(identity);
        const admission = book.admit(budgets, bound);
        if (admission.type === "admitted") return { settle: (actual) => settle(budgets, bound, actual) };
        if (admission.type === "refused") {
          const { budget, detail } = admission;
          throw new RefusedError({ reason: "budget", scope: budget.scope, message: detail });
        }
        await untilSettled(settled.promise, signal);
      }
    },
  };
}

function toWarning({ budget, spent, detail }: BudgetCrossing): RequestEvent {
  return { type: "budget_warned", scope: budget.scope, spent, detail };
}

async function untilSettled(settled: Promise<void>, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(new Error("the agent went away"));
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  try {
    await Promise.race([settled, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
