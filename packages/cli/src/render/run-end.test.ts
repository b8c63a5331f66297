import assert from "node:assert/strict";
import { test } from "node:test";
import { NO_USAGE, type RunId, RunScript, scriptCharter, scriptTask } from "@cloister/core";
import type { RunSummary } from "@cloister/engine";
import { renderEnd } from "./run-end.ts";

const VIEW = { paint: (_: string, text: string): string => text, columns: 80 };
const SUMMARY: RunSummary = {
  type: "run_ended",
  run: "20260107-090000-test" as RunId,
  reason: "done",
  exitCode: 0,
  tasks: { total: 2, done: 2, blocked: 0 },
  iterations: 3,
  cost: 1.25,
  costComplete: true,
  tokens: 12_345,
  usage: NO_USAGE,
  runtimeMs: 61_000,
  branch: "cloister/test",
  workspace: "/project/tree",
  takeOver: "git -C /repository merge cloister/test",
  report: "/repository/report.md",
};
const { state } = new RunScript(scriptCharter([scriptTask("a"), scriptTask("b", { done: true })]));

test("the end of a run that is done says what was done, at what cost, where it is and how to take it over", () => {
  assert.deepEqual(renderEnd(SUMMARY, state, VIEW), [
    "",
    "Every task is done, with evidence.",
    "· a  Task a",
    "✓ b  Task b",
    "2 of 2 tasks done · 3 iterations · 1m 01s · $1.25 · 12.3k tokens",
    "",
    "Work       branch cloister/test, in /project/tree",
    "Take over  git -C /repository merge cloister/test",
    "Report     /repository/report.md",
  ]);
});

test("the end short of the goal says why, and how to go on", () => {
  const { takeOver: _takeOver, report: _report, ...rest } = SUMMARY;
  const lines = renderEnd(
    { ...rest, reason: "stalled", detail: "task a:\u001B[2J nothing changed", costComplete: false },
    undefined,
    VIEW,
  );
  assert.deepEqual(lines.slice(1), [
    "The loop made no more progress.",
    "task a: nothing changed",
    "2 of 2 tasks done · 3 iterations · 1m 01s · at least $1.25 · 12.3k tokens",
    "",
    "Work       branch cloister/test, in /project/tree",
    "Go on      cloister resume 20260107-090000-test",
  ]);
});
