import type { TestResults, TestStatus } from "@cloister/core";

/** Reads a runner's output; undefined where it is not this runner's. The text has no colours and may be hostile. */
export type TestReader = (output: string) => TestResults | undefined;

/** Counts that a runner states itself. */
export type TestCounts = { readonly passed: number; readonly failed: number; readonly skipped: number };

/** Lines are read up to this length, so that patterns stay cheap on hostile output. */
const MAX_LINE = 2000;
const MAX_NAME = 300;
const MAX_CASES = 100_000;

/** Collects tests by name as a reader finds them. */
export interface Tally {
  /** Notes a test. A name seen before becomes `name (2)` and so on: two tests, not one. */
  add(name: string, status: TestStatus): void;
  /** Notes a test that the output may name more than once; a failure stays. */
  note(name: string, status: TestStatus): void;
  readonly counts: TestCounts;
  /** The results: with the counts that the runner stated where it did, and marked as partial where these exceed the names. */
  toResults(stated?: TestCounts): TestResults;
}

/** An empty tally for `runner`. */
export function createTally(runner: string): Tally {
  const cases = new Map<string, TestStatus>();
  const set = (name: string, status: TestStatus): void => {
    if (cases.size < MAX_CASES) cases.set(name.slice(0, MAX_NAME), status);
  };
  const count = (status: TestStatus): number => [...cases.values()].filter((each) => each === status).length;
  const countAll = (): TestCounts => ({ passed: count("passed"), failed: count("failed"), skipped: count("skipped") });
  const repeats = new Map<string, number>();
  return {
    add(name, status) {
      const seen = (repeats.get(name) ?? 0) + 1;
      repeats.set(name, seen);
      set(seen === 1 ? name : `${name} (${seen})`, status);
    },
    note(name, status) {
      if (cases.get(name.slice(0, MAX_NAME)) !== "failed") set(name, status);
    },
    get counts() {
      return countAll();
    },
    toResults(stated) {
      const named = countAll();
      const counts = stated === undefined ? named : { ...stated, failed: Math.max(stated.failed, named.failed) };
      const isPartial = sum(counts) > sum(named);
      return { runner, ...counts, cases: Object.fromEntries(cases), ...(isPartial ? { partial: true as const } : {}) };
    },
  };
}

/** The lines of `output`, each cut to a length that is safe to match. */
export function* toLines(output: string): Generator<string> {
  for (let start = 0; start < output.length;) {
    const found = output.indexOf("\n", start);
    const end = found === -1 ? output.length : found;
    yield output.slice(start, Math.min(end, start + MAX_LINE)).replace(/\r$/, "");
    start = end + 1;
  }
}

/** How many spaces `line` starts with. */
export function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}

/** The number before each word of a summary: `3 passed, 1 failed` → passed 3, failed 1. */
export function readNumbers(summary: string): ReadonlyMap<string, number> {
  const numbers = new Map<string, number>();
  for (const [, value, word] of summary.matchAll(/(\d{1,9}) ([a-z]+)/g)) {
    numbers.set(word ?? "", (numbers.get(word ?? "") ?? 0) + Number(value));
  }
  return numbers;
}

/** Adds counts field by field. */
export function addCounts(left: TestCounts, right: TestCounts): TestCounts {
  return {
    passed: left.passed + right.passed,
    failed: left.failed + right.failed,
    skipped: left.skipped + right.skipped,
  };
}

/** Nothing counted yet. */
export const NO_COUNTS: TestCounts = { passed: 0, failed: 0, skipped: 0 };

function sum({ passed, failed, skipped }: TestCounts): number {
  return passed + failed + skipped;
}
