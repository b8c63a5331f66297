import assert from "node:assert/strict";
import { test } from "node:test";
import type { Budget } from "./budget.ts";
import { createSpendBook, type SpendBook } from "./book.ts";
import type { Amount } from "./request-event.ts";
import { amount, budget } from "./testing/samples.ts";

const WARN_AT = 0.8;

type Start = { readonly spent?: Amount; readonly inFlight?: readonly Amount[] };

/** A book in which `key` stands as `start` says. Its requests in flight were let through without any limit. */
function bookWith(key: Budget, { spent, inFlight = [] }: Start): SpendBook {
  const book = createSpendBook(WARN_AT);
  if (spent !== undefined) book.seed(key.key, spent);
  for (const bound of inFlight) book.admit([{ scope: key.scope, key: key.key }], bound);
  return book;
}

const ADMISSIONS: readonly {
  readonly name: string;
  readonly budget: Budget;
  readonly start: Start;
  readonly bound: Amount;
  readonly expected: "admitted" | "wait" | "refused";
}[] = [
  { name: "no limit", budget: budget("run"), start: { spent: amount(9e9) }, bound: amount(9e9), expected: "admitted" },
  {
    name: "exactly what is left",
    budget: budget("run", 10),
    start: { spent: amount(4), inFlight: [amount(2)] },
    bound: amount(4),
    expected: "admitted",
  },
  {
    name: "one more than is left while another is under way",
    budget: budget("run", 10),
    start: { spent: amount(4), inFlight: [amount(2)] },
    bound: amount(5),
    expected: "wait",
  },
  {
    name: "more than is left, alone",
    budget: budget("run", 10),
    start: { spent: amount(9) },
    bound: amount(500),
    expected: "admitted",
  },
  {
    name: "a little, beside one that is too great",
    budget: budget("run", 10),
    start: { inFlight: [amount(500)] },
    bound: amount(1),
    expected: "wait",
  },
  {
    name: "a budget that is spent to the last unit",
    budget: budget("run", 10),
    start: { spent: amount(10) },
    bound: amount(1),
    expected: "refused",
  },
  {
    name: "a budget with one unit left",
    budget: budget("run", 10),
    start: { spent: amount(9) },
    bound: amount(1),
    expected: "admitted",
  },
  { name: "a budget of nothing", budget: budget("run", 0), start: {}, bound: amount(1), expected: "refused" },
  {
    name: "tokens that are spent, money that is not",
    budget: budget("run", 10, 100),
    start: { spent: amount(0, 100) },
    bound: amount(1, 1),
    expected: "refused",
  },
  {
    name: "tokens that do not fit beside others",
    budget: budget("run", 10, 100),
    start: { inFlight: [amount(0, 60)] },
    bound: amount(1, 41),
    expected: "wait",
  },
  {
    name: "tokens that just fit beside others",
    budget: budget("run", 10, 100),
    start: { inFlight: [amount(0, 60)] },
    bound: amount(1, 40),
    expected: "admitted",
  },
  {
    name: "a request that uses nothing, beside one that is too great",
    budget: budget("run", 10, 10),
    start: { inFlight: [amount(50, 50)] },
    bound: amount(0, 0),
    expected: "admitted",
  },
];

for (const { name, budget: limited, start, bound, expected } of ADMISSIONS) {
  test(`${name}: ${expected}`, () => {
    assert.equal(bookWith(limited, start).admit([limited], bound).type, expected);
  });
}

test("a refusal names the budget, what is spent of it and how to raise it", () => {
  const run = budget("run", 5_000_000);
  const book = bookWith(run, { spent: amount(5_020_000, 7) });
  assert.deepEqual(book.admit([budget("task", 9_000_000), run], amount(1)), {
    type: "refused",
    budget: run,
    spent: amount(5_020_000, 7),
    detail: "This run's budget of $5.00 is spent: $5.02. Raise it with: cloister resume --max-cost N",
  });
});

test("a raised limit lets through what was refused", () => {
  const book = bookWith(budget("run", 10), { spent: amount(12) });
  assert.equal(book.admit([budget("run", 10)], amount(1)).type, "refused");
  assert.equal(book.admit([budget("run", 13)], amount(1)).type, "admitted");
});

test("a request that waits or is refused reserves nothing, in none of its budgets", () => {
  const [run, task] = [budget("run", 10), budget("task", 100)];
  const book = bookWith(run, { inFlight: [amount(8)] });
  assert.equal(book.admit([task, run], amount(5)).type, "wait");
  assert.throws(() => book.settle([task], amount(5), amount(0)), /Expected a request under way in budget "task:1"/);
});

test("a request that fits into one budget waits for another that it doesn't fit into", () => {
  const [iteration, run] = [budget("iteration", 100), budget("run", 10)];
  const book = bookWith(run, { inFlight: [amount(8)] });
  assert.equal(book.admit([iteration, run], amount(5)).type, "wait");
  book.settle([run], amount(8), amount(2));
  assert.equal(book.admit([iteration, run], amount(5)).type, "admitted");
});

test("what is under way in a budget that has room does not hold up a request that goes alone elsewhere", () => {
  const [iteration, run] = [budget("iteration", 3), budget("run", 100)];
  const book = bookWith(run, { inFlight: [amount(8)] });
  assert.equal(book.admit([iteration, run], amount(5)).type, "admitted");
});

test("settling replaces the promise by what it came to, and room comes back", () => {
  const run = budget("run", 10, 1000);
  const book = createSpendBook(WARN_AT);
  book.admit([run], amount(9, 900));
  assert.equal(book.admit([run], amount(2, 2)).type, "wait");
  book.settle([run], amount(9, 900), amount(1, 100));
  assert.deepEqual(book.spent("run:1"), amount(1, 100));
  assert.equal(book.admit([run], amount(9, 900)).type, "admitted");
});

for (const [name, wrong] of [
  ["NaN", amount(Number.NaN)],
  ["a part of a micro-dollar", amount(0.5)],
  ["negative tokens", amount(0, -1)],
  ["infinite money", amount(Number.POSITIVE_INFINITY)],
] as const) {
  test(`${name} is no amount, and changes nothing`, () => {
    const run = budget("run", 10);
    const book = bookWith(run, { inFlight: [amount(4)] });
    assert.throws(() => book.admit([run], wrong), RangeError);
    assert.throws(() => book.seed("run:1", wrong), RangeError);
    assert.throws(() => book.settle([run], amount(4), wrong), RangeError);
    assert.deepEqual(book.spent("run:1"), amount(0));
    assert.equal(book.admit([run], amount(7)).type, "wait");
  });
}

test("a settlement of nothing is refused, too, where no request is under way", () => {
  assert.throws(() => createSpendBook(WARN_AT).settle([budget("run")], amount(0), amount(1)), /found 0/);
});

test("a settlement of what was never promised is refused", () => {
  const book = bookWith(budget("run"), { inFlight: [amount(4, 4)] });
  for (const bound of [amount(5, 4), amount(4, 5)]) {
    assert.throws(() => book.settle([budget("run")], bound, amount(1)), /found 1/);
  }
  assert.deepEqual(book.spent("run:1"), amount(0));
});

/** Spends `actual` in one request, and tells of which kinds and sums it warned. */
function spend(book: SpendBook, limited: Budget, actual: Amount): readonly string[] {
  book.admit([{ scope: limited.scope, key: limited.key }], actual);
  return book.settle([limited], actual, actual).map(({ kind, spent }) => `${kind} ${spent[kind]}`);
}

test("each limit warns once when its share is reached, and once more when it is raised and reached again", () => {
  const book = createSpendBook(WARN_AT);
  assert.deepEqual(spend(book, budget("run", 100), amount(79)), []);
  assert.deepEqual(spend(book, budget("run", 100), amount(1)), ["cost 80"]);
  assert.deepEqual(spend(book, budget("run", 100), amount(30)), []);
  assert.deepEqual(spend(book, budget("run", 200), amount(49)), []);
  assert.deepEqual(spend(book, budget("run", 200), amount(1)), ["cost 160"]);
  assert.deepEqual(spend(book, budget("run", 100), amount(1)), [], "a request from before the raise");
  assert.deepEqual(spend(book, budget("run", 200), amount(1)), []);
  assert.deepEqual(spend(book, budget("run", 201), amount(0)), ["cost 162"], "a raise that is at once used up again");
});

test("money and tokens of a budget warn apart, and together where both are reached", () => {
  const book = createSpendBook(WARN_AT);
  assert.deepEqual(spend(book, budget("run", 100, 1000), amount(80, 10)), ["cost 80"]);
  assert.deepEqual(spend(book, budget("run", 100, 1000), amount(1, 790)), ["tokens 800"]);
  assert.deepEqual(spend(book, budget("run", 100, 1000), amount(1, 1)), [], "each of them only once");
  assert.deepEqual(spend(createSpendBook(WARN_AT), budget("run", 1, 1), amount(1, 1)), ["cost 1", "tokens 1"]);
});

test("a warning is one sentence that names the budget, the share and the sum", () => {
  const book = createSpendBook(WARN_AT);
  book.admit([budget("day")], amount(4_100_000, 1500));
  const crossings = book.settle([budget("day", 5_000_000, 1800)], amount(4_100_000, 1500), amount(4_100_000, 1500));
  assert.deepEqual(
    crossings.map(({ detail }) => detail),
    [
      "Today's budget of $5.00 is spent to 82 %: $4.10.",
      "Today's budget of 1,800 tokens is spent to 83 %: 1,500 tokens.",
    ],
  );
});
