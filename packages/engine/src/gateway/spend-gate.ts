import {
  type Admission,
  type Amount,
  type Budget,
  type BudgetCrossing,
  isPeriodBudget,
  NO_AMOUNT,
  type RequestEvent,
  type SpendBook,
} from "@cloister/core";
import type { PeriodBook } from "./money/index.ts";
import { type ModelRequest, RefusedError } from "./port.ts";

/** An amount that is set aside for a request. */
export interface Reservation {
  /** Replaces it by what the request came to. Called once. @returns the warnings that follow. */
  settle(actual: Amount): readonly RequestEvent[];
}

/** Lets requests through as their budgets allow. */
export interface SpendGate {
  /** Waits while requests under way may use up what is left. @throws RefusedError where a budget is spent; Error where `signal` aborts. */
  reserve(request: Spender, bound: Amount, signal: AbortSignal): Promise<Reservation>;
}

/** Whose amount it is. */
export type Spender = Pick<ModelRequest, "id" | "identity">;

/** Where spending is kept. */
export type SpendBooks = {
  /** The budgets that a request counts against. Asked at every request, so that a raised limit holds at once. */
  readonly budgetsOf: (identity: Spender["identity"]) => readonly Budget[];
  /** What this gateway spent. */
  readonly book: SpendBook;
  /** What all of the user's gateways spent in a day and a month; needed where those are limited. */
  readonly periods?: PeriodBook;
};

/** Other processes send no word when they have settled: who waits for them looks again after this time. */
const LOOK_MS = 250;

/** A gate on the user's budgets. */
export function createSpendGate({ budgetsOf, book, periods }: SpendBooks): SpendGate {
  /** Of those who wait; undefined where nobody does. */
  let settled: PromiseWithResolvers<void> | undefined;
  const admit = ({ id, identity }: Spender, bound: Amount): Promised => {
    const [own, shared] = splitBudgets(budgetsOf(identity));
    const periodRequest = { owner: identity.run, request: id, budgets: shared };
    const settle = (actual: Amount): readonly BudgetCrossing[] => {
      const crossed = book.settle(own, bound, actual);
      settled?.resolve();
      settled = undefined;
      return [...crossed, ...((shared.length > 0 ? periods?.settle(periodRequest, actual) : undefined) ?? [])];
    };
    const first = book.admit(own, bound);
    if (first.type !== "admitted" || shared.length === 0 || periods === undefined) return { admission: first, settle };
    const admission = periods.reserve(periodRequest, bound);
    if (admission.type !== "admitted") book.settle(own, bound, NO_AMOUNT);
    return { admission, settle };
  };
  return {
    async reserve(request, bound, signal) {
      for (;;) {
        const { admission, settle } = admit(request, bound);
        if (admission.type === "admitted") return { settle: (actual) => settle(actual).map(toWarning) };
        if (admission.type === "refused") throw toRefusal(admission);
        settled ??= Promise.withResolvers();
        await untilSettled(settled.promise, signal);
      }
    },
  };
}

type Promised = {
  readonly admission: Admission;
  readonly settle: (actual: Amount) => readonly BudgetCrossing[];
};

function splitBudgets(budgets: readonly Budget[]): readonly [own: readonly Budget[], shared: readonly Budget[]] {
  return [budgets.filter((budget) => !isPeriodBudget(budget)), budgets.filter(isPeriodBudget)];
}

function toRefusal({ budget, detail }: Extract<Admission, { type: "refused" }>): RefusedError {
  return new RefusedError({ reason: "budget", scope: budget.scope, message: detail });
}

function toWarning({ budget, spent, detail }: BudgetCrossing): RequestEvent {
  return { type: "budget_warned", scope: budget.scope, spent, detail };
}

async function untilSettled(settled: Promise<void>, signal: AbortSignal): Promise<void> {
  const over = Promise.withResolvers<void>();
  const abort = (): void => over.reject(new Error("the agent went away"));
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  const timer = setTimeout(over.resolve, LOOK_MS);
  try {
    await Promise.race([settled, over.promise]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}
