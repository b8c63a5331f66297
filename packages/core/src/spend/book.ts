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

/** Where a budget stands. Changes with its requests: a book that made a new one each time would make six a request. */
type Account = { spent: Amount; reserved: Amount; inFlight: number; warned: WarnedLimits };
/** A budget as a request has it, with its account. */
type Booked = { readonly budget: Budget; readonly account: Account };

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
    const booked = this.#open(budgets);
    const admission = judgeAdmission(booked.map(toStanding), bound);
    if (admission.type === "admitted") for (const { account } of booked) reserve(account, bound);
    return admission;
  }

  settle(budgets: readonly Budget[], bound: Amount, actual: Amount): readonly BudgetCrossing[] {
    assertAmount(actual);
    const booked = this.#open(budgets);
    for (const each of booked) assertPromised(each, bound);
    return booked.flatMap((each) => this.#settleOne(each, bound, actual));
  }

  spent(key: string): Amount {
    return this.#accounts.get(key)?.spent ?? NO_AMOUNT;
  }

  seed(key: string, amount: Amount): void {
    assertAmount(amount);
    const account = this.#account(key);
    account.spent = addAmount(account.spent, amount);
  }

  #open(budgets: readonly Budget[]): readonly Booked[] {
    return budgets.map((budget) => ({ budget, account: this.#account(budget.key) }));
  }

  #account(key: string): Account {
    const known = this.#accounts.get(key);
    if (known !== undefined) return known;
    const account = { spent: NO_AMOUNT, reserved: NO_AMOUNT, inFlight: 0, warned: NOT_WARNED };
    this.#accounts.set(key, account);
    return account;
  }

  #settleOne({ budget, account }: Booked, bound: Amount, actual: Amount): readonly BudgetCrossing[] {
    account.spent = addAmount(account.spent, actual);
    account.reserved = subtractAmount(account.reserved, bound);
    account.inFlight -= 1;
    const crossings = findCrossings(budget, account.spent, account.warned, this.#warnAt);
    account.warned = recordWarnings(account.warned, crossings);
    return crossings;
  }
}

function reserve(account: Account, bound: Amount): void {
  account.reserved = addAmount(account.reserved, bound);
  account.inFlight += 1;
}

function assertPromised({ budget, account: { reserved, inFlight } }: Booked, bound: Amount): void {
  if (inFlight > 0 && reserved.cost >= bound.cost && reserved.tokens >= bound.tokens) return;
  throw new Error(`Expected a request under way in budget "${budget.key}" with this bound, found ${inFlight}.`);
}

function toStanding({ budget, account: { spent, reserved, inFlight } }: Booked): BudgetStanding {
  return { budget, spent, reserved, inFlight };
}
