import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { addAmount } from "./amount.ts";
import type { Budget } from "./budget.ts";
import { createSpendBook, type SpendBook } from "./book.ts";
import { type Amount, NO_AMOUNT } from "./request-event.ts";
import { amount, limits } from "./testing/samples.ts";

/** Requests of two tasks under one run: each has two budgets. */
const KEYS = [
  ["task:a", "run:1"],
  ["task:b", "run:1"],
] as const;

type Step =
  | { readonly type: "ask"; readonly task: 0 | 1; readonly bound: Amount }
  /** `share`: of the bound that the request comes to; above 1 it breaks its bound. */
  | { readonly type: "settle"; readonly pick: number; readonly share: number }
  | { readonly type: "raise"; readonly key: string; readonly by: number };

const amounts = fc
  .record({ cost: fc.nat({ max: 40 }), tokens: fc.nat({ max: 400 }) })
  .map(({ cost, tokens }) => amount(cost, tokens));

function steps(maxShare: number): fc.Arbitrary<readonly Step[]> {
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 5, arbitrary: fc.record({ type: fc.constant("ask"), task: fc.constantFrom(0, 1), bound: amounts }) },
    {
      weight: 4,
      arbitrary: fc.record({
        type: fc.constant("settle"),
        pick: fc.nat({ max: 50 }),
        share: fc.double({ min: 0, max: maxShare, noNaN: true }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        type: fc.constant("raise"),
        key: fc.constantFrom("task:a", "task:b", "run:1"),
        by: fc.nat({ max: 60 }),
      }),
    },
  );
  return fc.array(step, { minLength: 20, maxLength: 80 });
}

type InFlight = { readonly budgets: readonly Budget[]; readonly bound: Amount };

/** Drives the book with interleaved requests, and keeps a plain account beside it. */
class World {
  readonly book: SpendBook = createSpendBook(0.8);
  readonly limits = new Map([
    ["task:a", 60],
    ["task:b", 90],
    ["run:1", 100],
  ]);
  readonly inFlight: InFlight[] = [];
  readonly settled = new Map<string, Amount[]>();
  waits = 0;

  budgets(task: 0 | 1): readonly Budget[] {
    return KEYS[task].map((key) => {
      const limit = this.limits.get(key) ?? 0;
      return { ...limits(limit, limit * 10), scope: key === "run:1" ? "run" : "task", key };
    });
  }

  take(step: Step): void {
    if (step.type === "raise") this.limits.set(step.key, (this.limits.get(step.key) ?? 0) + step.by);
    else if (step.type === "settle") this.settle(step.pick, step.share);
    else this.ask(step.task, step.bound);
  }

  ask(task: 0 | 1, bound: Amount): void {
    const budgets = this.budgets(task);
    const admission = this.book.admit(budgets, bound);
    if (admission.type === "admitted") this.inFlight.push({ budgets, bound });
    if (admission.type === "wait") {
      this.waits += 1;
      assert.ok(this.isBusy(budgets), "who waits, waits for something");
    }
    const spentUp = budgets.some(({ key }) => this.isSpent(key));
    assert.equal(admission.type === "refused", spentUp, "refused exactly where a budget is spent");
  }

  settle(pick: number, share: number): void {
    const [request] = this.inFlight.splice(pick % Math.max(1, this.inFlight.length), 1);
    if (request === undefined) return;
    const { budgets, bound } = request;
    const actual = amount(Math.floor(bound.cost * share), Math.floor(bound.tokens * share));
    this.book.settle(budgets, bound, actual);
    for (const { key } of budgets) this.settled.set(key, [...(this.settled.get(key) ?? []), actual]);
  }

  isBusy(budgets: readonly Budget[]): boolean {
    return this.inFlight.some((other) => other.budgets.some(({ key }) => budgets.some((budget) => budget.key === key)));
  }

  isSpent(key: string): boolean {
    const limit = this.limits.get(key) ?? 0;
    const spent = this.book.spent(key);
    return spent.cost >= limit || spent.tokens >= limit * 10;
  }

  assertExact(): void {
    for (const [key, all] of this.settled) assert.deepEqual(this.book.spent(key), all.reduce(addAmount, NO_AMOUNT));
  }

  /** Without its greatest request, no budget is above its limit. */
  assertOvershootOfOneRequest(): void {
    for (const [key, all] of this.settled) {
      const limit = this.limits.get(key) ?? 0;
      const spent = this.book.spent(key);
      assert.ok(spent.cost - Math.max(...all.map(({ cost }) => cost)) <= limit, `${key}: ${spent.cost} of ${limit}`);
      assert.ok(spent.tokens - Math.max(...all.map(({ tokens }) => tokens)) <= limit * 10, `${key}: tokens`);
    }
  }
}

test("whatever is in flight, in any order and under raises, at most one request overshoots and sums are exact", () => {
  let waits = 0;
  fc.assert(
    fc.property(steps(1), (all) => {
      const world = new World();
      for (const step of all) {
        world.take(step);
        world.assertOvershootOfOneRequest();
      }
      while (world.inFlight.length > 0) world.settle(0, 1);
      world.assertOvershootOfOneRequest();
      world.assertExact();
      waits += world.waits;
    }),
    { numRuns: 4000 },
  );
  assert.ok(waits > 1000, `the interleavings must come to waiting: ${waits}`);
});

test("requests that come to more than their bound are booked exactly, and nobody waits for nothing", () => {
  fc.assert(
    fc.property(steps(3), (all) => {
      const world = new World();
      for (const step of all) world.take(step);
      while (world.inFlight.length > 0) world.settle(0, 2);
      world.assertExact();
    }),
    { numRuns: 2000 },
  );
});

test("a queue of any requests is worked off: each is let through or refused in the end", () => {
  const queue = fc.array(fc.record({ task: fc.constantFrom(0 as const, 1 as const), bound: amounts }), {
    maxLength: 40,
  });
  fc.assert(
    fc.property(queue, (requests) => {
      const world = new World();
      let waiting = requests;
      while (waiting.length > 0) {
        const before = world.waits;
        waiting = waiting.filter(({ task, bound }) => {
          const { waits } = world;
          world.ask(task, bound);
          return world.waits > waits;
        });
        assert.ok(world.waits === before || world.inFlight.length > 0, "no deadlock");
        world.settle(0, 0.7);
      }
    }),
    { numRuns: 2000 },
  );
});
