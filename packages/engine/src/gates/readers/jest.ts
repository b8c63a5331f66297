import type { TestStatus } from "@cloister/core";
import {
  addCounts,
  createTally,
  indentOf,
  NO_COUNTS,
  readNumbers,
  type Tally,
  type TestReader,
  toLines,
} from "./tally.ts";

const FILE = /^(PASS|FAIL) (?:\S+ )?(\S+\.[cm]?[jt]sx?)(?: \([\d.]+ m?s\))?$/;
const MARKED = /^(✓|✕|○|✎|√|×) (?:(?:skipped|todo) )?(.*?)(?: \([\d.]+ m?s\))?$/;
const STATUS: Readonly<Record<string, TestStatus>> = { "✓": "passed", "√": "passed", "✕": "failed", "×": "failed" };
/** Headings of jest that look like a failed test's. */
const NOT_A_TEST = /^(Console|Validation|Deprecation|Cannot log|\d+ snapshot)/;

type Place = { file: string; isFailing: boolean; suites: string[] };

/** Jest's text, with every test (`--verbose`, or one file alone) or with the failures alone. */
export const readJest: TestReader = (output) => {
  const isJest = /^Tests: +\d.* total$/m.test(output) || /^No tests found, exiting with code \d$/m.test(output);
  if (!isJest && !/^Test Suites: .* total$/m.test(output)) return undefined;
  const tally = createTally("jest");
  const place: Place = { file: "", isFailing: false, suites: [] };
  let counts = NO_COUNTS;
  for (const line of toLines(output)) {
    if (line.startsWith("Tests: ")) counts = addCounts(counts, toCounts(line));
    else readLine(line, place, tally);
  }
  return tally.toResults(counts);
};

function toCounts(line: string): typeof NO_COUNTS {
  const numbers = readNumbers(line);
  const get = (word: string): number => numbers.get(word) ?? 0;
  return { passed: get("passed"), failed: get("failed"), skipped: get("skipped") + get("todo") + get("pending") };
}

function readLine(line: string, place: Place, tally: Tally): void {
  const file = FILE.exec(line);
  if (file !== null) {
    Object.assign(place, { file: (file[2] ?? "").replace(/^\.\//, ""), isFailing: file[1] === "FAIL", suites: [] });
    return;
  }
  const text = line.trim();
  if (text.startsWith("● ")) return readFailure(text.slice(2), place, tally);
  const depth = indentOf(line) / 2 - 1;
  if (place.file === "" || text === "" || !Number.isInteger(depth) || depth < 0) return;
  const marked = MARKED.exec(text);
  if (marked === null) place.suites = [...place.suites.slice(0, depth), text];
  else
    tally.note(toPath(place, [...place.suites.slice(0, depth), marked[2] ?? ""]), STATUS[marked[1] ?? ""] ?? "skipped");
}

function readFailure(title: string, place: Place, tally: Tally): void {
  if (place.isFailing && !NOT_A_TEST.test(title)) tally.note(toPath(place, title.split(" › ")), "failed");
}

function toPath(place: Place, names: readonly string[]): string {
  return [place.file, ...names].join(" > ");
}
