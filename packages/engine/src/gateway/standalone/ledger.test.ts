import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { CloisterError, fromUsd, type MicroUsd, NO_USAGE, type RequestEvent } from "@cloister/core";
import { type JournalRecord, openJournal, verifyJournal } from "../../journal/index.ts";
import { takeLock } from "../../runs/lock.ts";
import { openGatewayJournal } from "./gateway-journal.ts";
import { gatewayPlace, type LedgerPlace, listLedgerPlaces, selectPlace } from "./ledger-place.ts";
import { readLedger } from "./read-ledger.ts";
import { RequestHistory } from "./request-history.ts";

const TIME = Date.UTC(2026, 10, 21);

function temporaryFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "cloister-ledger-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function reserved(request: string, iteration = 0): RequestEvent {
  const bound = { cost: 900 as MicroUsd, tokens: 90 };
  return { type: "request_reserved", request, iteration, wire: "anthropic", model: "m", reserved: bound };
}

function settled(request: string, iteration = 0): RequestEvent {
  return {
    type: "request_settled",
    request,
    iteration,
    wire: "anthropic",
    model: "m",
    credential: "anthropic-1",
    usage: { ...NO_USAGE, input: 10, output: 5 },
    cost: 100 as MicroUsd,
    priceFrom: "list",
    completeness: "whole",
    status: 200,
    firstByteMs: 1,
    durationMs: 2,
    attempts: 1,
  };
}

function refused(request: string): RequestEvent {
  return { type: "request_refused", request, iteration: 0, reason: "budget", scope: "run", detail: "spent" };
}

/** A repository with one run, whose journal holds `records`. */
function createRun(context: TestContext, records: readonly JournalRecord[]): LedgerPlace {
  const root = temporaryFolder(context);
  const journalPath = join(root, ".cloister", "runs", "20261121-000000-aaaa", "journal.db");
  mkdirSync(dirname(journalPath), { recursive: true });
  const journal = openJournal(journalPath, { create: true });
  journal.append(records, { expected: 0 });
  journal.close();
  return selectPlace(listLedgerPlaces({ CLOISTER_STATE_HOME: root }, root), "20261121-000000");
}

const toRecord = ({ type, ...data }: RequestEvent): JournalRecord => ({ type, time: TIME, data });

test("rows of a run name the task of their iteration", (context) => {
  const begin = (iteration: number, task: string): JournalRecord => {
    return { type: "iteration_started", time: TIME, data: { iteration, task } };
  };
  const records = [begin(1, "a"), ...[reserved("q1", 1), settled("q1", 1)].map(toRecord), begin(2, "b")];
  const rows = readLedger(createRun(context, [...records, toRecord(settled("q2", 2))]));
  assert.deepEqual(
    rows.map(({ run, task, iteration }) => [run, task, iteration]),
    [
      ["20261121-000000-aaaa", "a", 1],
      ["20261121-000000-aaaa", "b", 2],
    ],
  );
});

test("what a living process has under way is no row yet; once it is gone, it is lost", (context) => {
  const place = createRun(context, [reserved("q1"), settled("q1"), reserved("q2")].map(toRecord));
  const lock = takeLock(place.lock);
  assert.deepEqual(
    readLedger(place).map(({ completeness }) => completeness),
    ["whole"],
  );
  lock[Symbol.dispose]();
  assert.deepEqual(
    readLedger(place).map(({ completeness, cost }) => [completeness, cost]),
    [
      ["whole", 100],
      ["lost", 900],
    ],
  );
});

test("a resumed journal keeps the limits that were not given anew, charges what was lost once, and stays whole", (context) => {
  const place = gatewayPlace({ CLOISTER_STATE_HOME: temporaryFolder(context) }, "20261121-000000-aaaa");
  const open = (limits: { maxCost?: MicroUsd; maxTokens?: number }): ReturnType<typeof openGatewayJournal> =>
    openGatewayJournal({ place, version: "1", limits, time: TIME });
  {
    using first = open({ maxCost: fromUsd(1), maxTokens: 500 });
    first.append([reserved("q1")], TIME);
    assert.throws(
      () => open({}),
      (error) => CloisterError.isInstance(error) && error.code === "run_busy",
    );
  }
  for (const maxCost of [fromUsd(2), fromUsd(3)]) {
    using again = open({ maxCost });
    assert.deepEqual(again.limits, { maxCost, maxTokens: 500 });
    assert.deepEqual([again.before.totals.cost, again.before.totals.tokens, again.before.open], [900, 90, []]);
  }
  assert.equal(verifyJournal(place.journal).ok, true);
});

for (const [wanted, expected] of [
  [undefined, "20261122-000000-bbbb"],
  ["20261121-000000-aaaa", "20261121-000000-aaaa"],
  ["20261121", "20261121-000000-aaaa"],
  ["2026112", undefined],
  ["x", undefined],
] as const)
  test(`of two places, ${wanted ?? "no wish"} selects ${expected ?? "none, and says which there are"}`, () => {
    const places = ["20261121-000000-aaaa", "20261122-000000-bbbb"].map((id) => ({ id, journal: "", lock: "" }));
    if (expected !== undefined) assert.equal(selectPlace(places, wanted).id, expected);
    else assert.throws(() => selectPlace(places, wanted), { code: "run_not_found", remedy: /aaaa, .*bbbb/ });
  });

test("the history keeps the last 50 that are over and all under way, and counts every one", () => {
  const told: string[] = [];
  const before = { totals: { cost: 7 as MicroUsd, tokens: 3, usage: NO_USAGE }, rows: [] };
  const history = new RequestHistory("r", before, (type, { request }) => told.push(`${type} ${request}`));
  history.take([reserved("open")], TIME);
  for (let count = 0; count < 120; count += 1) history.take([reserved(`q${count}`), settled(`q${count}`)], TIME);
  history.take([refused("no")], TIME);
  assert.deepEqual([history.past.length, history.past[0]?.request, history.past[49]?.request], [50, "no", "q71"]);
  assert.deepEqual(
    history.underWay.map(({ event }) => event.request),
    ["open"],
  );
  assert.deepEqual(history.totals, { requests: 120, refused: 1, cost: 12_007, tokens: 1803 });
  assert.deepEqual([told.length, told.at(-1)], [121, "request_refused no"]);
});
