import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test, type TestContext } from "node:test";
import { type Amount, type Budget, CloisterError, createSpendBook, type MicroUsd } from "@cloister/core";
import * as fc from "fast-check";
import { openPeriodBook, type PeriodBook, type PeriodRequest } from "./period-book.ts";

const WARN_AT = 0.8;

function temporaryPath(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "cloister-period-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "state", "period.db");
}

function open(context: TestContext, path: string): PeriodBook {
  const book = openPeriodBook(path, WARN_AT);
  context.after(() => book.close());
  return book;
}

const amount = (cost: number, tokens: number = 0): Amount => ({ cost: cost as MicroUsd, tokens });

function budget(scope: "day" | "month", maxCost: number): Budget {
  return { scope, key: `${scope}:x`, maxCost: maxCost as MicroUsd };
}

function requestOf(request: string, budgets: readonly Budget[], owner: string = "r1"): PeriodRequest {
  return { owner, request, budgets };
}

test("two books of one file share what is spent and what is promised", (context) => {
  const path = temporaryPath(context);
  const [first, second] = [open(context, path), open(context, path)];
  const day = [budget("day", 10)];
  assert.equal(first.reserve(requestOf("a", day), amount(8)).type, "admitted");
  assert.equal(second.reserve(requestOf("a", day, "r2"), amount(3)).type, "wait");
  assert.equal(second.reserve(requestOf("b", day, "r2"), amount(2)).type, "admitted");
  first.settle(requestOf("a", day), amount(4, 40));
  assert.deepEqual(second.spent("day:x"), amount(4, 40));
  assert.equal(second.reserve(requestOf("c", day, "r2"), amount(4)).type, "admitted");
});

test("a spent day is refused to every process, and let through when it is raised", (context) => {
  const path = temporaryPath(context);
  const [first, second] = [open(context, path), open(context, path)];
  const day = [budget("day", 5_000_000)];
  first.reserve(requestOf("a", day), amount(5_000_000));
  first.settle(requestOf("a", day), amount(5_020_000));
  assert.deepEqual(second.reserve(requestOf("a", day, "r2"), amount(1)), {
    type: "refused",
    budget: day[0],
    spent: amount(5_020_000),
    detail: "Today's budget of $5.00 is spent: $5.02. Raise it in the configuration: gateway.budgets.day.maxCost",
  });
  assert.equal(second.reserve(requestOf("a", [budget("day", 6_000_000)], "r2"), amount(1)).type, "admitted");
});

test("what waits for the month takes nothing of the day", (context) => {
  const book = open(context, temporaryPath(context));
  book.reserve(requestOf("a", [budget("month", 10)]), amount(9));
  assert.equal(book.reserve(requestOf("b", [budget("day", 100), budget("month", 10)]), amount(50)).type, "wait");
  assert.equal(book.reserve(requestOf("c", [budget("day", 100)]), amount(100)).type, "admitted");
});

test("a request settles once: a second settlement, and one that was never let through, change nothing", (context) => {
  const book = open(context, temporaryPath(context));
  const day = [budget("day", 100), budget("month", 100)];
  book.reserve(requestOf("a", day), amount(8));
  book.settle(requestOf("a", day), amount(4));
  assert.deepEqual(book.settle(requestOf("a", day), amount(90)), []);
  assert.deepEqual(book.settle(requestOf("b", day), amount(90)), []);
  assert.deepEqual([book.spent("day:x"), book.spent("month:x")], [amount(4), amount(4)]);
});

test("a soft limit warns one process, once, and once more when it is raised", (context) => {
  const path = temporaryPath(context);
  const books = [open(context, path), open(context, path)] as const;
  let next = 0;
  const spend = (book: PeriodBook, cost: number, limit: number): readonly string[] => {
    const request = requestOf(`q${(next += 1)}`, [budget("day", limit)]);
    book.reserve(request, amount(cost));
    return book.settle(request, amount(cost)).map(({ detail }) => detail);
  };
  assert.deepEqual(spend(books[0], 79, 100), []);
  assert.deepEqual(spend(books[1], 1, 100), ["Today's budget of $0.0001 is spent to 80 %: $0.0001."]);
  assert.deepEqual(spend(books[0], 5, 100), []);
  assert.deepEqual(spend(books[0], 80, 200).length, 1);
  assert.deepEqual(spend(books[1], 1, 200), []);
});

test("the ledger of a run replaces all that stands of it here, promises included, and of it alone", (context) => {
  const book = open(context, temporaryPath(context));
  const day = [budget("day", 100)];
  for (const owner of ["r1", "r2"]) {
    book.reserve(requestOf("a", day, owner), amount(10));
    book.settle(requestOf("a", day, owner), amount(10, 1));
    book.reserve(requestOf("b", day, owner), amount(30));
  }
  const totals = new Map([
    ["day:x", amount(25, 3)],
    ["month:x", amount(26)],
  ]);
  for (let times = 0; times < 2; times += 1) {
    book.rebuild("r1", totals);
    assert.deepEqual([book.spent("day:x"), book.spent("month:x")], [amount(35, 4), amount(26)]);
  }
  assert.equal(book.reserve(requestOf("c", day, "r3"), amount(36)).type, "wait", "the promise to r2 still stands");
  assert.equal(book.reserve(requestOf("d", day, "r3"), amount(35)).type, "admitted", "the promise to r1 is gone");
});

test("what a closed book was promised is charged in full by the first who would have to wait for it", (context) => {
  const path = temporaryPath(context);
  const [first, second] = [open(context, path), open(context, path)];
  const day = [budget("day", 100)];
  first.reserve(requestOf("a", day), amount(60, 6));
  first.reserve(requestOf("b", day), amount(20, 2));
  first.close();
  assert.equal(second.reserve(requestOf("a", day, "r2"), amount(1)).type, "admitted");
  assert.deepEqual(second.spent("day:x"), amount(0), "nobody had to know");
  assert.equal(second.reserve(requestOf("b", day, "r2"), amount(30)).type, "wait", "r2's own request is under way");
  assert.deepEqual(second.spent("day:x"), amount(80, 8));
  second.settle(requestOf("a", day, "r2"), amount(0));
  assert.equal(second.reserve(requestOf("b", day, "r2"), amount(30)).type, "admitted");
  assert.equal(readdirSync(`${path}.holders`).length, 1);
});

test("an own promise is never taken for a dead one's, even where somebody has cleared the locks away", (context) => {
  const path = temporaryPath(context);
  const book = open(context, path);
  book.reserve(requestOf("a", [budget("day", 100)]), amount(60));
  for (const lock of readdirSync(`${path}.holders`)) rmSync(join(`${path}.holders`, lock));
  book.chargeDead();
  assert.deepEqual(book.spent("day:x"), amount(0));
});

for (const [name, cost] of [
  ["NaN", Number.NaN],
  ["a part of a micro-dollar", 0.5],
  ["a negative amount", -1],
] as const) {
  test(`${name} is not booked`, (context) => {
    const book = open(context, temporaryPath(context));
    const request = requestOf("a", [budget("day", 100)]);
    book.reserve(request, amount(5));
    assert.throws(() => book.reserve(requestOf("b", []), amount(cost)), RangeError);
    assert.throws(() => book.settle(request, amount(cost)), RangeError);
    assert.throws(() => book.rebuild("r1", new Map([["day:x", amount(cost)]])), RangeError);
    book.settle(request, amount(5));
    assert.deepEqual(book.spent("day:x"), amount(5));
  });
}

const DAMAGES: readonly (readonly [string, (path: string) => void, RegExp])[] = [
  [
    "text",
    (path) => writeFileSync(path, "no database at all, but long enough to be looked at as one".repeat(9)),
    /not a database/,
  ],
  ["somebody else's database", (path) => changeDatabase(path, "CREATE TABLE mine (x)"), /expected format 1, found 0/],
  ["a newer version's", (path) => changeDatabase(path, "PRAGMA user_version = 2"), /expected format 1, found 2/],
];

function changeDatabase(path: string, sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

for (const [name, damage, message] of DAMAGES) {
  test(`a file that is ${name} is left alone, with an error that says what to do`, (context) => {
    const path = join(temporaryPath(context), "..", "..", "period.db");
    damage(path);
    assert.throws(
      () => openPeriodBook(path, WARN_AT),
      (error) => CloisterError.isInstance(error) && error.code === "gateway_failed" && message.test(error.describe()),
    );
    assert.deepEqual(readdirSync(`${path}.holders`), []);
  });
}

test("the file answers as the book in memory does, whatever is asked in whatever order", (context) => {
  const step = fc.record({
    type: fc.constantFrom("ask", "ask", "settle"),
    bound: fc.nat({ max: 50 }),
    share: fc.double({ min: 0, max: 1.5, noNaN: true }),
    pick: fc.nat({ max: 20 }),
    limit: fc.integer({ min: 50, max: 120 }),
    withMonth: fc.boolean(),
  });
  let round = 0;
  const book = open(context, temporaryPath(context));
  fc.assert(
    fc.property(fc.array(step, { minLength: 10, maxLength: 40 }), (steps) => {
      round += 1;
      const memory = createSpendBook(WARN_AT);
      const inFlight: { readonly request: PeriodRequest; readonly bound: Amount }[] = [];
      for (const [index, { type, bound, share, pick, limit, withMonth }] of steps.entries()) {
        const day = { ...budget("day", limit), key: `day:${round}` };
        const budgets = withMonth ? [day, { ...budget("month", 80), key: `month:${round}` }] : [day];
        if (type === "ask") {
          const request = requestOf(`${round}-${index}`, budgets);
          const admission = book.reserve(request, amount(bound));
          assert.deepEqual(admission, memory.admit(budgets, amount(bound)));
          if (admission.type === "admitted") inFlight.push({ request, bound: amount(bound) });
        }
        const [settled] = type === "settle" ? inFlight.splice(pick % Math.max(1, inFlight.length), 1) : [];
        if (settled === undefined) continue;
        const actual = amount(Math.floor(settled.bound.cost * share), pick);
        const warnings = memory.settle(settled.request.budgets, settled.bound, actual);
        assert.deepEqual(book.settle(settled.request, actual), warnings);
        for (const { key } of budgets) assert.deepEqual(book.spent(key), memory.spent(key));
      }
    }),
    { numRuns: 60 },
  );
});
