import assert from "node:assert/strict";
import { test } from "node:test";
import { type RunEvent, type RunState, RunScript, scriptCharter, scriptTask, taskId } from "@cloister/core";
import { describeStanding, renderStatus, toStatusJson } from "./status.ts";

const HOUR = 3_600_000;
const PAUSED: RunEvent = { type: "run_paused" };

function stateAfter(...events: readonly RunEvent[]): RunState {
  const script = new RunScript(scriptCharter([scriptTask("a")]));
  return script.prepare({ passed: 1, failed: 0, skipped: 0 }, { todo: 0, fixme: 0 }).add(...events).state;
}

const STANDINGS: readonly (readonly [name: string, events: readonly RunEvent[], alive: boolean, word: string])[] = [
  ["at work", [], true, "working"],
  ["paused", [PAUSED], true, "paused"],
  ["gone without an end", [], false, "died"],
  ["gone while paused", [PAUSED], false, "died"],
  ["ended", [{ type: "run_ended", reason: "budget_exhausted" }], false, "budget exhausted"],
];

for (const [name, events, alive, word] of STANDINGS)
  test(`a run that is ${name} stands as "${word}"`, () => {
    const standing = { state: stateAfter(...events), alive };
    assert.equal(describeStanding(standing), word);
    assert.equal(toStatusJson(standing, 0)["state"], word.replaceAll(" ", "_"));
  });

test("the time of a run that died stands still", () => {
  const state = stateAfter();
  const later = state.lastEventAt + HOUR;
  assert.equal(toStatusJson({ state, alive: false }, later)["runtimeMs"], 0);
  assert.equal(toStatusJson({ state, alive: true }, later)["runtimeMs"], HOUR);
});

test("a run that was paused within an iteration says that this goes on", () => {
  const prompt = { sha256: "0".repeat(64), bytes: 0 };
  const begun = { iteration: 1, task: taskId("a"), phase: "implement", prompt, head: "f" } as const;
  const state = stateAfter({ type: "iteration_started", ...begun }, PAUSED);
  const view = { now: 0, columns: 80, paint: (_: string, text: string): string => text };
  assert.deepEqual(renderStatus({ state, alive: true }, view).slice(0, 2), [
    "Run 20260107-090000-test: paused",
    "pauses after the iteration under way",
  ]);
});

test("the reason of an end is said with its detail and the way on", () => {
  const state = stateAfter({ type: "run_ended", reason: "stalled", detail: "task a:\n nothing changed" });
  const view = { now: 0, columns: 80, paint: (_: string, text: string): string => text };
  assert.deepEqual(renderStatus({ state, alive: false }, view).slice(0, 4), [
    "Run 20260107-090000-test: stalled",
    "The loop made no more progress.",
    "task a: nothing changed",
    "Go on with: cloister resume",
  ]);
});
