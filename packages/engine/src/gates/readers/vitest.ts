import type { TestStatus } from "@cloister/core";
import { addCounts, createTally, NO_COUNTS, readNumbers, type TestReader, toLines } from "./tally.ts";

/** ` ✓ sum.test.ts > sum > adds 5ms`: the verbose reporter names every test so. */
const NAMED = /^ ?(✓|×|↓|□) (?:\|[^|]+\| )?(\S+\.[cm]?[jt]sx? > .+?)(?: \d+ms)?$/;
const FAILURE = /^ ?FAIL {2}(?:\|[^|]+\| )?(.+)$/;
const STATUS: Readonly<Record<string, TestStatus>> = { "✓": "passed", "×": "failed" };

/** Vitest's text: the verbose reporter names every test, the default one those that failed. */
export const readVitest: TestReader = (output) => {
  const hasTotals = /^ *Test Files {2}.*\)$/m.test(output);
  if (!hasTotals && !/^No test files found, exiting with code \d$/m.test(output)) return undefined;
  const tally = createTally("vitest");
  let counts = NO_COUNTS;
  for (const line of toLines(output)) {
    if (/^ *Tests {2}/.test(line)) counts = addCounts(counts, toCounts(line));
    const named = NAMED.exec(line);
    if (named !== null) tally.note(named[2] ?? "", STATUS[named[1] ?? ""] ?? "skipped");
    const failure = FAILURE.exec(line);
    if (failure !== null) tally.note((failure[1] ?? "").replace(/ \[ [^\]]+ \]$/, ""), "failed");
  }
  return tally.toResults(counts);
};

function toCounts(line: string): typeof NO_COUNTS {
  const numbers = readNumbers(line);
  const get = (word: string): number => numbers.get(word) ?? 0;
  return { passed: get("passed"), failed: get("failed"), skipped: get("skipped") + get("todo") };
}
