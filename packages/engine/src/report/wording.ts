import type { GateOutcome, IterationRow, PhaseProgress, TaskRow, TestCounts, Verdict } from "@cloister/core";

/** Names that the journal uses, as words: `task_completed` is `task completed`. */
export function toWords(name: string): string {
  return name.replaceAll("_", " ");
}

/** A moment for people, in UTC: `2026-01-07 09:00:00`. */
export function toMoment(time: number): string {
  return new Date(time).toISOString().slice(0, 19).replace("T", " ");
}

/** Counts of tests: `14 passed, 0 failed, 2 skipped`. */
export function describeTests(tests: TestCounts | undefined): string {
  return tests === undefined
    ? "not counted"
    : `${tests.passed} passed, ${tests.failed} failed, ${tests.skipped} skipped`;
}

/** How good or bad a state is: what colours and marks follow. */
export type Tone = "good" | "bad" | "warn" | "idle";

const TONES = {
  passed: "good",
  accepted: "good",
  done: "good",
  failed: "bad",
  rejected: "bad",
  blocked: "bad",
  inconclusive: "warn",
  pre_existing: "warn",
  interrupted: "warn",
  unclaimed: "idle",
  open: "idle",
  pending: "idle",
  active: "idle",
  none: "idle",
} as const satisfies Record<State, Tone>;

/** A state of a gate, a phase, a task or an iteration. */
export type State =
  | GateOutcome
  | Verdict
  | PhaseProgress
  | TaskRow["status"]["value"]
  | IterationRow["verdict"]["value"];

/** The tone of a state. */
export function toneOf(state: State): Tone {
  return TONES[state];
}

const MARKS: Readonly<Record<Tone, string>> = { good: "✓", bad: "✗", warn: "?", idle: "·" };

/** One character that says the same as the colour. */
export function markOf(state: State): string {
  return MARKS[toneOf(state)];
}
