import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { totalTokens } from "../agent/agent-event.ts";
import type { MicroUsd } from "../money.ts";
import { foldLedger, type LedgerEntry, lostSettlement } from "./ledger.ts";
import type { RequestEvent } from "./request-event.ts";
import { spentByPeriodKey, spentByRunKey } from "./spent-by-key.ts";
import { amount, reserved, settled } from "./testing/samples.ts";

const BEGAN = Date.parse("2026-11-21T10:00:00.000Z");

/** Events as the journal holds them, a second apart. */
function entries(...events: readonly RequestEvent[]): readonly LedgerEntry[] {
  return events.map((event, index) => ({ time: BEGAN + 1000 * index, run: "r1", task: "t1", event }));
}

const REFUSED: RequestEvent = {
  type: "request_refused",
  request: "b",
  iteration: 4,
  reason: "body",
  detail: "Too big.",
};

test("a settled request is one row with all that is known, at the time it was reserved", () => {
  assert.deepEqual(foldLedger(entries(reserved("a", amount(9000, 900)), settled("a"))), {
    totals: { cost: 1234, tokens: 173, usage: { input: 100, cacheRead: 20, cacheWrite: 3, output: 50, reasoning: 7 } },
    open: [],
    rows: [
      {
        time: "2026-11-21T10:00:00.000Z",
        run: "r1",
        task: "t1",
        iteration: 3,
        request: "a",
        wire: "anthropic",
        model: "claude-opus-5-5-20260901",
        input: 100,
        cached: 20,
        cacheWrite: 3,
        output: 50,
        reasoning: 7,
        cost: 1234,
        priceFrom: "list",
        completeness: "whole",
        status: 200,
        firstByteMs: 300,
        durationMs: 900,
        credential: "anthropic-1",
        refused: null,
      },
    ],
  });
});

test("a refused request is a row that cost nothing, with the reason", () => {
  const { totals, rows } = foldLedger(entries(REFUSED));
  assert.equal(totals.cost + totals.tokens, 0);
  assert.deepEqual(rows, [
    {
      time: "2026-11-21T10:00:00.000Z",
      run: "r1",
      task: "t1",
      iteration: 4,
      request: "b",
      wire: null,
      model: null,
      input: 0,
      cached: 0,
      cacheWrite: 0,
      output: 0,
      reasoning: 0,
      cost: 0,
      priceFrom: null,
      completeness: "none",
      status: 0,
      firstByteMs: 0,
      durationMs: 0,
      credential: null,
      refused: "body",
    },
  ]);
});

test("a refused request keeps the wire and the model that it named", () => {
  const [row] = foldLedger(entries({ ...REFUSED, wire: "gemini", model: "gemini-2.5-flash" })).rows;
  assert.deepEqual([row?.wire, row?.model], ["gemini", "gemini-2.5-flash"]);
});

for (const [order, events] of [
  ["before", [reserved("b", amount(5)), REFUSED, settled("b")]],
  ["after", [reserved("b", amount(5)), settled("b"), REFUSED]],
] as const) {
  test(`a request that is refused ${order} it settles is one row with both, and leaves nothing open`, () => {
    const { rows, open } = foldLedger(entries(...events));
    assert.deepEqual(
      rows.map(({ cost, status, refused }) => ({ cost, status, refused })),
      [{ cost: 1234, status: 200, refused: "body" }],
    );
    assert.deepEqual(open, []);
  });
}

test("reservations without settlement stay open, oldest first", () => {
  const { open, rows, totals } = foldLedger(
    entries(reserved("a", amount(1)), reserved("b", amount(2)), reserved("c", amount(3)), settled("b")),
  );
  assert.deepEqual(
    open.map(({ time, run, task, event }) => [time - BEGAN, run, task, event.request, event.reserved.cost]),
    [
      [0, "r1", "t1", "a", 1],
      [2000, "r1", "t1", "c", 3],
    ],
  );
  assert.equal(rows.length, 1);
  assert.equal(totals.cost, 1234);
});

test("the first settlement of a request holds: neither a second one nor a late reservation changes anything", () => {
  const once = entries(reserved("a", amount(5)), settled("a"));
  const again = entries(
    ...once.map(({ event }) => event),
    settled("a", { cost: 99 as MicroUsd }),
    reserved("a", amount(5)),
  );
  assert.deepEqual(foldLedger(again), foldLedger(once));
});

test("requests of one name in two runs are two", () => {
  const [first, second] = entries(settled("a"), settled("a"));
  assert.ok(first !== undefined && second !== undefined);
  const { rows, totals } = foldLedger([first, { ...second, run: "r2" }]);
  assert.deepEqual(
    rows.map(({ run }) => run),
    ["r1", "r2"],
  );
  assert.equal(totals.cost, 2468);
});

test("flags and warnings are no requests", () => {
  const flagged: RequestEvent = {
    type: "request_flagged",
    request: "a",
    iteration: 1,
    kind: "secret",
    action: "reported",
    detail: "",
  };
  const warned: RequestEvent = { type: "budget_warned", scope: "run", spent: amount(4), detail: "" };
  assert.deepEqual(foldLedger(entries(flagged, warned)).rows, []);
});

test("a lost request is charged what it was promised, money and tokens, and closes its reservation", () => {
  const before = entries(reserved("a", amount(9000, 900)));
  const [open] = foldLedger(before).open;
  assert.ok(open !== undefined);
  const lost = lostSettlement(open, BEGAN + 60_000);
  assert.deepEqual(
    [lost.cost, totalTokens(lost.usage), lost.completeness, lost.durationMs],
    [9000, 900, "lost", 60_000],
  );
  const after = foldLedger([...before, { time: BEGAN + 60_000, run: "r1", task: "t1", event: lost }]);
  assert.deepEqual([after.totals.cost, after.totals.tokens, after.open.length], [9000, 900, 0]);
  assert.deepEqual([after.rows[0]?.credential, after.rows[0]?.status], [null, 0]);
});

test("a lost request took no negative time where the clock went back", () => {
  const [open] = foldLedger(entries(reserved("a", amount(1)))).open;
  assert.ok(open !== undefined);
  assert.equal(lostSettlement(open, BEGAN - 5).durationMs, 0);
});

test("totals equal the sum of the rows, and with what is open every reservation is there, whatever was settled", () => {
  const requests = fc.array(fc.record({ cost: fc.nat(), input: fc.nat(), output: fc.nat(), isSettled: fc.boolean() }), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(requests, (all) => {
      const usage = { cacheRead: 1, cacheWrite: 2, reasoning: 0 };
      const ledger = foldLedger(
        entries(
          ...all.map((_, index) => reserved(`q${index}`, amount(1))),
          ...all.flatMap(({ cost, input, output, isSettled }, index) =>
            isSettled ? [settled(`q${index}`, { cost: cost as MicroUsd, usage: { ...usage, input, output } })] : [],
          ),
        ),
      );
      assert.equal(ledger.totals.cost, sum(ledger.rows.map(({ cost }) => cost)));
      assert.equal(
        ledger.totals.tokens,
        sum(ledger.rows.map((row) => row.input + row.cached + row.cacheWrite + row.output)),
      );
      assert.equal(ledger.totals.cost, sum(all.filter(({ isSettled }) => isSettled).map(({ cost }) => cost)));
      assert.equal(ledger.rows.length + ledger.open.length, all.length);
    }),
  );
});

test("rows sum up by the keys of a run's budgets and of the user's days and months", () => {
  const second = settled("b", { iteration: 4, cost: 6 as MicroUsd });
  const { rows } = foldLedger([
    ...entries(settled("a")),
    { time: BEGAN + 86_400_000, run: "r1", task: "t2", event: second },
  ]);
  assert.deepEqual(
    [...spentByRunKey(rows)],
    [
      ["iteration:r1:3", amount(1234, 173)],
      ["task:r1:t1", amount(1234, 173)],
      ["run:r1", amount(1240, 346)],
      ["iteration:r1:4", amount(6, 173)],
      ["task:r1:t2", amount(6, 173)],
    ],
  );
  const periodOf = (time: string): { day: string; month: string } => ({
    day: time.slice(0, 10),
    month: time.slice(0, 7),
  });
  assert.deepEqual(
    [...spentByPeriodKey(rows, periodOf)],
    [
      ["day:2026-11-21", amount(1234, 173)],
      ["month:2026-11", amount(1240, 346)],
      ["day:2026-11-22", amount(6, 173)],
    ],
  );
});

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
