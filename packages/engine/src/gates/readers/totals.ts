import type { TestResults } from "@cloister/core";
import { createTally, type TestCounts, type TestReader } from "./tally.ts";

/** A runner of which only the totals are read. */
type TotalsFormat = {
  readonly runner: string;
  readonly total: RegExp;
  readonly toCounts: (groups: Readonly<Record<string, string | undefined>>) => TestCounts;
  /** Names a failed test in its first group. */
  readonly failure?: RegExp;
};

const number = (text: string | undefined): number => Number(text ?? 0);
const rest = (all: number, failed: number, skipped: number): TestCounts => ({
  passed: Math.max(0, all - failed - skipped),
  failed,
  skipped,
});

const FORMATS: readonly TotalsFormat[] = [
  {
    runner: "unittest",
    total: /^Ran (?<all>\d+) tests? in [\d.]+s\n\n(?:OK|FAILED|NO TESTS RAN)(?: \((?<parts>[^)\n]{0,200})\))?/gm,
    toCounts: ({ all, parts = "" }) => {
      const get = (word: string): number => number(new RegExp(`\\b${word}=(\\d+)`).exec(parts)?.[1]);
      return rest(number(all), get("failures") + get("errors"), get("skipped") + get("expected failures"));
    },
    failure: /^(?:FAIL|ERROR): (\S{1,200} \([^)\n]{1,200}\))$/gm,
  },
  {
    runner: "bun",
    total: /^ *(?<passed>\d+) pass\n(?: *(?<skipped>\d+) skip\n)?(?: *\d+ todo\n)? *(?<failed>\d+) fail$/gm,
    toCounts: ({ passed, failed, skipped }) => ({
      passed: number(passed),
      failed: number(failed),
      skipped: number(skipped),
    }),
    failure: /^(?:✗|\(fail\)) (.{1,300}?)(?: \[[\d.]+ms\])?$/gm,
  },
  {
    runner: "phpunit",
    total: /^OK \((?<all>\d+) tests?, \d+ assertions?\)$/gm,
    toCounts: ({ all }) => rest(number(all), 0, 0),
  },
  {
    runner: "phpunit",
    total: /^Tests: (?<all>\d+), Assertions: \d+(?<parts>[^\n]{0,200})\.$/gm,
    toCounts: ({ all, parts = "" }) => {
      const get = (word: string): number => number(new RegExp(`\\b${word}: (\\d+)`).exec(parts)?.[1]);
      return rest(number(all), get("Failures") + get("Errors"), get("Skipped") + get("Incomplete"));
    },
    failure: /^\d+\) (\S{1,300}::\S{1,200})/gm,
  },
  {
    runner: "rspec",
    total: /^(?<all>\d+) examples?, (?<failed>\d+) failures?(?:, (?<skipped>\d+) pending)?/gm,
    toCounts: ({ all, failed, skipped }) => rest(number(all), number(failed), number(skipped)),
    failure: /^rspec \S{1,300} # (.{1,300})$/gm,
  },
  {
    runner: "maven",
    total:
      /^(?:\[\w+\] )?Tests run: (?<all>\d+), Failures: (?<failed>\d+), Errors: (?<errors>\d+), Skipped: (?<skipped>\d+)$/gm,
    toCounts: ({ all, failed, errors, skipped }) => rest(number(all), number(failed) + number(errors), number(skipped)),
  },
  { runner: "npm", total: /^Error: no test specified$/gm, toCounts: () => rest(0, 0, 0) },
  { runner: "phpunit", total: /^No tests executed!$/gm, toCounts: () => rest(0, 0, 0) },
];

/** One reader for each runner of which the totals, and at most the failing names, are read. */
export const TOTALS_READERS: readonly TestReader[] = FORMATS.map((format) => (output) => readTotals(format, output));

function readTotals({ runner, total, toCounts, failure }: TotalsFormat, output: string): TestResults | undefined {
  const last = [...output.matchAll(total)].at(-1);
  if (last === undefined) return undefined;
  const tally = createTally(runner);
  for (const match of failure === undefined ? [] : output.matchAll(failure)) tally.note(match[1] ?? "", "failed");
  return tally.toResults(toCounts(last.groups ?? {}));
}
