import type { TestStatus } from "@cloister/core";
import { createTally, indentOf, type Tally, type TestReader, toLines } from "./tally.ts";

const MARKED = /^(▶|✔|✖|﹣) (.*)$/;
const TIMED = /^(.*) \(\d+(?:\.\d+)?ms\)(?: # (.*))?$/;
const STATUS: Readonly<Record<string, TestStatus>> = { "✔": "passed", "✖": "failed" };
const SCRIPT_FILE = /\.[cm]?[jt]sx?$/;

type Suite = { readonly name: string; readonly indent: number; failures: number };

type MarkedLine = { readonly mark: string; readonly text: string; readonly indent: number };

/** The `spec` reporter of node:test, which prints each test and then its totals (`ℹ tests 6`). */
export const readNodeSpec: TestReader = (output) => {
  if (!/^ℹ tests \d+$/m.test(output)) return undefined;
  const tally = createTally("node-spec");
  let suites: readonly Suite[] = [];
  let isRepeated = false; // The list of failures at the end names tests that were already read.
  for (const line of toLines(output)) {
    const match = MARKED.exec(line.trimStart());
    if (match !== null && !isRepeated) {
      const [, mark = "", text = ""] = match;
      suites = readMarked({ mark, text, indent: indentOf(line) }, suites, tally);
    }
    isRepeated = line.startsWith("test at ");
  }
  const failed = [...output.matchAll(/^ℹ fail (\d{1,9})$/gm)].reduce((sum, [, count]) => sum + Number(count), 0);
  return tally.toResults({ ...tally.counts, failed });
};

/** Reads one marked line. Returns the suites that are open after it. */
function readMarked(line: MarkedLine, suites: readonly Suite[], tally: Tally): readonly Suite[] {
  const outer = suites.filter((suite) => suite.indent < line.indent);
  if (line.mark === "▶") return [...outer, { name: line.text, indent: line.indent, failures: 0 }];
  const timed = TIMED.exec(line.text);
  if (timed === null) return suites;
  const [, name = "", directive = ""] = timed;
  if (line.mark === "✖") for (const suite of outer) suite.failures += 1;
  const closed = suites.find((suite) => suite.indent === line.indent && suite.name === name);
  if (isTest(line, name, closed)) {
    const path = [...outer.map((suite) => suite.name), name].join(" > ");
    tally.add(path, /^(TODO|SKIP)/.test(directive) ? "skipped" : (STATUS[line.mark] ?? "skipped"));
  }
  return outer;
}

/** A suite's end is a test of its own only where it failed by itself. A file that passes without tests is none. */
function isTest({ mark, indent }: MarkedLine, name: string, closed: Suite | undefined): boolean {
  if (closed !== undefined) return mark === "✖" && closed.failures === 0;
  return indent > 0 || mark !== "✔" || !SCRIPT_FILE.test(name);
}
