import {
  type Amount,
  type Budget,
  type BudgetLimits,
  budgetsFor,
  isPeriodBudget,
  type RequestEvent,
  type SpendBook,
  spentByPeriodKey,
  spentByRunKey,
} from "@cloister/core";
import { type PeriodBook, periodOf } from "../money/index.ts";
import type { GatewayPolicy } from "../policy.ts";
import type { Identity } from "../port.ts";
import type { GatewayJournal } from "./gateway-journal.ts";
import { type OnRow, RequestHistory } from "./request-history.ts";

/** A budget, and what is spent of it. */
export type BudgetView = Budget & { readonly spent: Amount };

/** What a session is made of. */
export type SessionOptions = {
  /** The gateway's. */
  readonly id: string;
  readonly policy: Pick<GatewayPolicy, "budgets">;
  readonly journal: GatewayJournal;
  /** The gateway's, empty still: what was spent before is put in. */
  readonly book: SpendBook;
  /** The user's days and months, where those are limited. */
  readonly periods: PeriodBook | undefined;
  readonly onRow: OnRow;
  /** ms since the epoch. */
  readonly now: () => number;
};

/** The accounts of a gateway that runs alone, from its start to its end: journal, book and history agree. */
export class GatewaySession {
  readonly identity: Identity;
  readonly history: RequestHistory;
  readonly #options: SessionOptions;

  constructor(options: SessionOptions) {
    const { id, journal, book, periods, onRow } = options;
    this.#options = options;
    this.identity = { run: id, task: "", iteration: 0 };
    for (const [key, amount] of spentByRunKey(journal.before.rows)) book.seed(key, amount);
    // The journal is right, whatever a crash has left in the book of periods.
    periods?.rebuild(id, spentByPeriodKey(journal.before.rows, periodOf));
    this.history = new RequestHistory(id, journal.before, onRow);
  }

  /** Writes to the journal, then to the history. Resolves when it is on disk. @throws what the journal throws. */
  async write(events: readonly RequestEvent[]): Promise<void> {
    const time = this.#options.now();
    await this.#options.journal.appendSoon(events, time);
    this.history.take(events, time);
  }

  /** As they are now: the day may have changed. Limits of iterations and tasks are not for a gateway, which has neither. */
  budgets(): readonly Budget[] {
    const { policy, journal, now } = this.#options;
    const { iteration: _iteration, task: _task, ...limits } = policy.budgets.limits;
    const budgets = budgetsFor(this.identity, {
      policy: { ...policy.budgets, limits },
      runLimits: journal.limits,
      period: periodOf(new Date(now())),
    });
    return budgets.map((budget) => ({ ...budget, raisedBy: "cloister gateway --resume" }));
  }

  /** The budgets that have a limit. */
  budgetViews(): readonly BudgetView[] {
    return this.budgets()
      .filter(({ maxCost, maxTokens }: BudgetLimits) => maxCost !== undefined || maxTokens !== undefined)
      .map((budget) => ({ ...budget, spent: this.#spentOf(budget) }));
  }

  #spentOf(budget: Budget): Amount {
    const { book, periods } = this.#options;
    return (isPeriodBudget(budget) && periods !== undefined ? periods : book).spent(budget.key);
  }
}
