import { randomUUID } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import {
  type Admission,
  type Amount,
  assertAmount,
  type Budget,
  type BudgetCrossing,
  findCrossings,
  judgeAdmission,
  recordWarnings,
} from "@cloister/core";
import { lockHolder, takeLock } from "../../runs/lock.ts";
import { openPeriodTables, type PeriodTables } from "./period-tables.ts";

/** A request in the period book. `owner` is the run's id, or another name that no two living processes share. */
export type PeriodRequest = { readonly owner: string; readonly request: string; readonly budgets: readonly Budget[] };

/**
 * What all runs of a user together spend in a day and in a month: a file that every Cloister process of the user shares.
 *
 * P1. Of processes that ask at once, one is answered after the other, by the same rule as within a run.
 * P2. A promise of a process that is gone is charged in full, by the first request that would have to wait for it.
 * P3. The journal of a run is right. After a crash its run says what it spent, and that replaces what stands here.
 */
export interface PeriodBook {
  /** Lets a request through and promises it `bound`, or says why not. @throws RangeError where `bound` is no amount. */
  reserve(request: PeriodRequest, bound: Amount): Admission;
  /**
   * Replaces the promise by what the request came to. Does nothing where the promise is gone: it was charged in full, or settled.
   * @returns the soft limits crossed by it: of all processes, to one alone.
   * @throws RangeError where `actual` is no amount.
   */
  settle(request: PeriodRequest, actual: Amount): readonly BudgetCrossing[];
  /** What the settled requests of a day or month came to. */
  spent(key: string): Amount;
  /** Replaces all that stands here of `owner`, promises included, by the totals of its ledger. May be done again. */
  rebuild(owner: string, totals: ReadonlyMap<string, Amount>): void;
  /** Charges in full what processes that are gone were promised. */
  chargeDead(): void;
  /** Gives the file back. What is under way still is charged in full by the next who needs to know. */
  close(): void;
}

/**
 * Opens the period book, made where there is none. Beside it lies a folder with a lock for each process that has it open.
 * @param path of the file. @param warnAt the share of a limit at which to warn, 0 to 1.
 * @throws CloisterError `gateway_failed` where the file is no period book of this version, or can't be had.
 */
export function openPeriodBook(path: string, warnAt: number): PeriodBook {
  const holders = `${path}.holders`;
  mkdirSync(holders, { recursive: true, mode: 0o700 });
  const tables = openPeriodTables(path);
  try {
    return new SharedPeriodBook(tables, holders, warnAt);
  } catch (error: unknown) {
    tables.close();
    throw error;
  }
}

class SharedPeriodBook implements PeriodBook {
  readonly #tables: PeriodTables;
  readonly #holders: string;
  readonly #warnAt: number;
  /** Names this process in its promises; its lock tells others that it lives. */
  readonly #holder: string = randomUUID();
  readonly #lock: Disposable;

  constructor(tables: PeriodTables, holders: string, warnAt: number) {
    this.#tables = tables;
    this.#holders = holders;
    this.#warnAt = warnAt;
    this.#lock = takeLock(join(holders, this.#holder));
  }

  reserve(request: PeriodRequest, bound: Amount): Admission {
    assertAmount(bound);
    return this.#tables.write(() => {
      const first = this.#judge(request, bound);
      // Only who would wait looks for the dead: to look costs more than to ask.
      const admission = first.type === "wait" && this.#chargeDead() > 0 ? this.#judge(request, bound) : first;
      if (admission.type === "admitted") this.#promise(request, bound);
      return admission;
    });
  }

  settle({ owner, request, budgets }: PeriodRequest, actual: Amount): readonly BudgetCrossing[] {
    assertAmount(actual);
    return this.#tables.write(() =>
      budgets.flatMap((budget) => {
        if (!this.#tables.unreserve({ owner, request, key: budget.key })) return [];
        this.#tables.spend(owner, budget.key, actual);
        return this.#warn(budget);
      }),
    );
  }

  spent(key: string): Amount {
    return this.#tables.spent(key);
  }

  rebuild(owner: string, totals: ReadonlyMap<string, Amount>): void {
    for (const amount of totals.values()) assertAmount(amount);
    this.#tables.write(() => {
      this.#tables.forget(owner);
      for (const [key, amount] of totals) this.#tables.spend(owner, key, amount);
    });
  }

  chargeDead(): void {
    this.#tables.write(() => this.#chargeDead());
  }

  close(): void {
    this.#tables.close();
    this.#lock[Symbol.dispose]();
  }

  #judge({ budgets }: PeriodRequest, bound: Amount): Admission {
    const standings = budgets.map((budget) => ({
      budget,
      spent: this.#tables.spent(budget.key),
      ...this.#tables.reserved(budget.key),
    }));
    return judgeAdmission(standings, bound);
  }

  #promise({ owner, request, budgets }: PeriodRequest, bound: Amount): void {
    for (const { key } of budgets) this.#tables.reserve({ owner, request, key }, bound, this.#holder);
  }

  #warn(budget: Budget): readonly BudgetCrossing[] {
    const warned = this.#tables.warned(budget.key);
    const crossings = findCrossings(budget, this.#tables.spent(budget.key), warned, this.#warnAt);
    if (crossings.length > 0) this.#tables.warn(budget.key, recordWarnings(warned, crossings));
    return crossings;
  }

  /** @returns how many processes were found dead with promises. */
  #chargeDead(): number {
    const dead = this.#tables
      .holders()
      .filter((holder) => holder !== this.#holder && lockHolder(join(this.#holders, holder)) === undefined);
    for (const holder of dead) {
      this.#tables.chargeReserved(holder);
      rmSync(join(this.#holders, holder), { force: true });
    }
    return dead.length;
  }
}
