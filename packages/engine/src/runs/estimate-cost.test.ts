import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { createRunId, openRunStore, runPaths } from "./run-store.ts";
import { type JournalRecord, openJournal } from "../journal/index.ts";
import { estimateCost } from "./estimate-cost.ts";

const TO_DO = { done: false };

/** A repository's folder. */
function createRoot(context: TestContext): string {
  const root = mkdtempSync(join(tmpdir(), "cloister-estimate-"));
  context.after(() => rmSync(root, { recursive: true, force: true }));
  return root;
}

const record = (type: string, data: JournalRecord["data"]): JournalRecord => ({ type, time: 0, data });

/** One task of a run: an iteration whose requests cost so many micro-dollars each. */
function workOn(task: string, costs: readonly unknown[], { iteration = 1, isCompleted = true } = {}): JournalRecord[] {
  const settled = costs.map((cost, index) =>
    record("request_settled", {
      request: `${iteration}-${index}`,
      iteration,
      wire: "anthropic",
      model: "m",
      credential: "anthropic-1",
      usage: { input: 1, cacheRead: 0, cacheWrite: 0, output: 1, reasoning: 0 },
      cost,
      priceFrom: "list",
      completeness: "whole",
      status: 200,
      firstByteMs: 1,
      durationMs: 2,
      attempts: 1,
    }),
  );
  const end = isCompleted ? [record("task_completed", { task, iteration })] : [];
  return [record("iteration_started", { task, iteration }), ...settled, ...end];
}

/** Adds a run that began `day` days after the first. @returns its journal's path. */
function addRun(root: string, day: number, records: readonly JournalRecord[]): string {
  const id = createRunId(new Date(Date.UTC(2026, 0, 1 + day)), () => 0);
  const { folder, journal } = runPaths(openRunStore(root), id);
  mkdirSync(folder, { recursive: true });
  const opened = openJournal(journal, { create: true });
  opened.append(records, { expected: 0 });
  opened.close();
  return journal;
}

test("a repository without runs has no history, and looking for one makes nothing", (context) => {
  const root = createRoot(context);
  assert.deepEqual(estimateCost(root, [TO_DO]), { type: "no_history" });
  assert.deepEqual(readdirSync(root), []);
});

test("tasks still to do cost as much as completed ones did, over all iterations and runs", (context) => {
  const root = createRoot(context);
  addRun(root, 0, [...workOn("a", [60, 20], { isCompleted: false }), ...workOn("a", [20], { iteration: 2 })]);
  addRun(root, 1, [...workOn("a", [300]), ...workOn("b", [900], { iteration: 2, isCompleted: false })]);
  const estimate = estimateCost(root, [TO_DO, { done: true }, TO_DO]);
  assert.deepEqual(estimate, { type: "estimate", low: 300, likely: 400, high: 560, samples: 2 });
});

test("runs whose agents went past the gateway tell nothing", (context) => {
  const root = createRoot(context);
  addRun(root, 0, workOn("a", []));
  assert.deepEqual(estimateCost(root, [TO_DO]), { type: "no_history" });
});

test("the newest twenty runs count", (context) => {
  const root = createRoot(context);
  for (let day = 0; day < 25; day += 1) addRun(root, day, workOn("a", [day < 5 ? 1_000_000 : 7]));
  assert.deepEqual(estimateCost(root, [TO_DO]), { type: "estimate", low: 7, likely: 7, high: 7, samples: 20 });
});

for (const [name, spoil] of [
  ["is no journal", (root: string) => writeFileSync(addRun(root, 1, []), "x".repeat(5000))],
  ["is of another version", (root: string) => addRun(root, 1, [record("request_settled", { iteration: 1 })])],
  ["holds money that is none", (root: string) => addRun(root, 1, workOn("a", ["1e9", -5, null]))],
] as const)
  test(`a run whose journal ${name} is passed over`, (context) => {
    const root = createRoot(context);
    addRun(root, 0, workOn("a", [7]));
    spoil(root);
    assert.deepEqual(estimateCost(root, [TO_DO]), { type: "estimate", low: 7, likely: 7, high: 7, samples: 1 });
  });

test("reading ends when its time is up: what was read of the newest run counts", (context) => {
  const root = createRoot(context);
  addRun(root, 0, workOn("old", [900]));
  addRun(root, 1, [...workOn("a", [7]), ...workOn("b", [900], { iteration: 2 })]);
  let now = 0;
  // Looked at when it begins, at 0, and before each run and record: the third record, which completes `a`, is the last one in time.
  const clock = (): number => (now += 8) - 8;
  assert.deepEqual(estimateCost(root, [TO_DO], clock), { type: "estimate", low: 7, likely: 7, high: 7, samples: 1 });
});
