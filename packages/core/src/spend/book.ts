import { addAmount, assertAmount, subtractAmount } from "./amount.ts";
import { type Admission, type BudgetStanding, judgeAdmission } from "./admission.ts";
import type { Budget } from "./budget.ts";
import { type Amount, NO_AMOUNT } from "./request-event.ts";
import { type BudgetCrossing, findCrossings, NOT_WARNED, recordWarnings, type WarnedLimits } from "./warning.ts";

/**
 * What is spent and promised per budget, in memory. Synchronous: between a question and its answer nothing else happens, so requests
 * that come at once can't both take the last of a budget. Limits come with each call; a raise needs no call of its own.
 */
export interface SpendBook {
  /**
   * Lets a request through and promises it `bound`, or says why not. Nothing is promised where it waits or is refused.
   * @throws RangeError where `bound` is no amount.
   */
  admit(budgets: readonly Budget[], bound: Amount): Admission;
  /**
   * Replaces the promise of an admitted request by what it came to; {@link NO_AMOUNT} where it was never sent. Call it once per
   * admitted request, with the budgets' keys and the bound that it was admitted with.
   * @returns the soft limits crossed by it.
   * @throws RangeError where `actual` is no amount; Error where no such request is under way. Nothing is changed then.
   */
  settle(budgets: readonly Budget[], bound: Amount, actual: Amount): readonly BudgetCrossing[];
  /** What the settled requests of a budget came to. */
  spent(key: string): Amount;
  /** Adds what was spent before this book was opened. @throws RangeError where `amount` is none. */
  seed(key: string, amount: Amount): void;
}

type Account = {
  readonly spent: Amount;
  readonly reserved: Amount;
  readonly inFlight: number;
  readonly warned: WarnedLimits;
};

const NEW_ACCOUNT: Account = { spent: NO_AMOUNT, reserved: NO_AMOUNT, inFlight: 0, warned: NOT_WARNED };

/**
 * An empty book.
 * @param warnAt the share of a limit at which to warn, 0 to 1.
 */
export function createSpendBook(warnAt: number): SpendBook {
  return new MemorySpendBook(warnAt);
}

class MemorySpendBook implements SpendBook {
  readonly #accounts = new Map<string, Account>();
  readonly #warnAt: number;

  constructor(warnAt: number) {
    this.#warnAt = warnAt;
  }

  admit(budgets: readonly Budget[], bound: Amount): Admission {
    assertAmount(bound);
    const standings = budgets.map((budget) => toStanding(budget, this.#account(budget.key)));
    const admission = judgeAdmission(standings, bound);
    if (admission.type === "admitted") this.#reserve(budgets, bound);
    return admission;
  }

  settle(budgets: readonly Budget[], bound: Amount, actual: Amount): readonly BudgetCrossing[] {
    assertAmount(actual);
    for (const { key } of budgets) this.#assertPromised(key, bound);
    return budgets.flatMap((budget) => this.#settleOne(budget, bound, actual));
  }

  spent(key: string): Amount {
    return this.#account(key).spent;
  }

  seed(key: string, amount: Amount): void {
    assertAmount(amount);
    const account = this.#account(key);
    this.#accounts.set(key, { ...account, spent: addAmount(account.spent, amount) });
  }

  #account(key: string): Account {
    return this.#accounts.get(key) ?? NEW_ACCOUNT;
  }

  #reserve(budgets: readonly Budget[], bound: Amount): void {
    for (const { key } of budgets) {
      const { spent, reserved, inFlight, warned } = this.#account(key);
      this.#accounts.set(key, { spent, reserved: addAmount(reserved, bound), inFlight: inFlight + 1, warned });
    }
  }

  #settleOne(budget: Budget, bound: Amount, actual: Amount): readonly BudgetCrossing[] {
    const account = this.#account(budget.key);
    const spent = addAmount(account.spent, actual);
    const crossings = findCrossings(budget, spent, account.warned, this.#warnAt);
    this.#accounts.set(budget.key, {
      spent,
      reserved: subtractAmount(account.reserved, bound),
      inFlight: account.inFlight - 1,
      warned: recordWarnings(account.warned, crossings),
    });
    return crossings;
  }

  #assertPromised(key: string, bound: Amount): void {
    const { reserved, inFlight } = this.#account(key);
    if (inFlight > 0 && reserved.cost >= bound.cost && reserved.tokens >= bound.tokens) return;
    throw new Error(`Expected a request under way in budget "${key}" with this bound, found ${inFlight}.`);
  }
}

function toStanding(budget: Budget, { spent, reserved, inFlight }: Account): BudgetStanding {
  return { budget, spent, reserved, inFlight };
}
