import type { TestStatus } from "@cloister/core";
import { createTally, indentOf, type Tally, type TestReader, toLines } from "./tally.ts";

const INDENT = 4;
const TEST_LINE = /^(not )?ok\b(?: +\d+)?(?: +-)?(.*)$/;
const SCRIPT_FILE = /\.[cm]?[jt]sx?$/;

/** One level of nesting: the suite that is open there, and what its level saw since. */
type Level = { suite: string; tests: number; failures: number };

/**
 * TAP 13 and 14, nested in both ways: children before their parent (`# Subtest:`), and after it (`{ … }`).
 * @see https://testanything.org/tap-version-14-specification.html
 */
export const readTap: TestReader = (output) => {
  if (!/^TAP version 1[34]\b/m.test(output) && !/^1\.\.\d+\b/m.test(output)) return undefined;
  const tally = createTally("tap");
  const levels: Level[] = [];
  let isYaml = false;
  let lines = 0;
  for (const line of toLines(output)) {
    const text = line.trim();
    if (isYaml || text === "---") {
      isYaml = text !== "...";
      continue;
    }
    const depth = Math.floor(indentOf(line) / INDENT);
    if (readStructure(text, depth, levels)) continue;
    const match = TEST_LINE.exec(text);
    if (match === null) continue;
    lines += 1;
    readTest({ isOk: match[1] === undefined, text: match[2] ?? "", depth, levels }, tally);
  }
  return lines > 0 || /^(TAP version 1[34]|1\.\.0)\b/m.test(output) ? tally.toResults() : undefined;
};

/** Reads what is not a test: where a suite starts, an empty plan. True where the line was one of these. */
function readStructure(text: string, depth: number, levels: Level[]): boolean {
  if (text.startsWith("# Subtest: ")) {
    levelAt(levels, depth).suite = unescapeName(text.slice("# Subtest: ".length));
    return true;
  }
  if (text === "1..0") levelAt(levels, depth).tests += depth === 0 ? 0 : 1; // An empty suite: its parent is not a test.
  return text.startsWith("#") || text.startsWith("1..");
}

type TestLine = { readonly isOk: boolean; readonly text: string; readonly depth: number; readonly levels: Level[] };

function readTest({ isOk, text, depth, levels }: TestLine, tally: Tally): void {
  const opensBlock = text.endsWith("{");
  const { name, isSkipped } = splitDirective(opensBlock ? text.slice(0, -1) : text);
  const inner = levels[depth + 1];
  const path = [...levels.slice(0, depth).map(({ suite }) => suite), name].filter((part) => part !== "").join(" > ");
  const level = levelAt(levels, depth);
  level.tests += 1;
  level.failures += isOk || isSkipped ? 0 : 1;
  levels.length = depth + 1;
  if (opensBlock) {
    level.suite = name;
    return;
  }
  level.suite = "";
  const isParent = inner !== undefined && inner.tests > 0;
  const isFileWithoutTests = depth === 0 && isOk && SCRIPT_FILE.test(name);
  if (isParent ? isOk || inner.failures > 0 : isFileWithoutTests) return;
  tally.add(path, toStatus(isOk, isSkipped));
}

function toStatus(isOk: boolean, isSkipped: boolean): TestStatus {
  if (isSkipped) return "skipped";
  return isOk ? "passed" : "failed";
}

function levelAt(levels: Level[], depth: number): Level {
  while (levels.length <= depth) levels.push({ suite: "", tests: 0, failures: 0 });
  return levels[depth] ?? { suite: "", tests: 0, failures: 0 };
}

/** Cuts `# SKIP why`, `# TODO` and `# time=1ms` off a description. A `#` that belongs to the name is escaped. */
function splitDirective(text: string): { name: string; isSkipped: boolean } {
  const match = /(?<!\\) # ?([A-Za-z]+)/.exec(text);
  const name = unescapeName((match === null ? text : text.slice(0, match.index)).trim());
  return { name, isSkipped: match !== null && /^(skip|todo)/i.test(match[1] ?? "") };
}

function unescapeName(text: string): string {
  return text.replaceAll(/\\([\\#])/g, "$1").trim();
}
