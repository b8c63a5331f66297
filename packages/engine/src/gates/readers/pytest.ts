import type { TestStatus } from "@cloister/core";
import { addCounts, createTally, NO_COUNTS, readNumbers, type Tally, type TestReader, toLines } from "./tally.ts";

const TOTAL = /^(?:=+ )?((?:no tests ran|\d+ [a-z]+)(?:, \d+ [a-z]+)*) in \d+(?:\.\d+)?s(?: \([\d:]+\))?(?: =+)?$/;
const WORDS = /\b(passed|failed|skipped|deselected|xfailed|xpassed|errors?|warnings?|no tests ran|rerun)\b/;
/** `test_sum.py::test_adds PASSED   [ 14%]` */
const VERBOSE = /^([^\s:]+\.py::.*?) (PASSED|FAILED|SKIPPED|XFAIL|XPASS|ERROR)\b/;
/** `[gw0] [ 14%] PASSED test_sum.py::test_adds` (with xdist) and `FAILED test_sum.py::test_adds - why` (the short summary). */
const SUMMARY = /^(?:\[gw\d+\] \[ *\d+%\] )?(PASSED|FAILED|XFAIL|XPASS|ERROR) (\S+\.py\b.*)$/;
const STATUS: Readonly<Record<string, TestStatus>> = {
  PASSED: "passed",
  XPASS: "passed",
  FAILED: "failed",
  ERROR: "failed",
};

/** Pytest's text at any verbosity: the totals, and every test that it names. */
export const readPytest: TestReader = (output) => {
  const tally = createTally("pytest");
  let counts = NO_COUNTS;
  let totals = 0;
  for (const line of toLines(output)) {
    const total = TOTAL.exec(line)?.[1];
    if (total !== undefined && WORDS.test(total)) {
      totals += 1;
      counts = addCounts(counts, toCounts(total));
    } else readCase(line, tally);
  }
  return totals === 0 ? undefined : tally.toResults(counts);
};

function toCounts(total: string): typeof NO_COUNTS {
  const numbers = readNumbers(total);
  const get = (...words: string[]): number => words.reduce((sum, word) => sum + (numbers.get(word) ?? 0), 0);
  return {
    passed: get("passed", "xpassed"),
    failed: get("failed", "error", "errors"),
    skipped: get("skipped", "xfailed"),
  };
}

function readCase(line: string, tally: Tally): void {
  const verbose = VERBOSE.exec(line);
  if (verbose !== null) return tally.note(verbose[1] ?? "", STATUS[verbose[2] ?? ""] ?? "skipped");
  const summary = SUMMARY.exec(line);
  if (summary === null) return;
  const name = (summary[2] ?? "").split(" - ", 1)[0] ?? "";
  tally.note(name, STATUS[summary[1] ?? ""] ?? "skipped");
}
