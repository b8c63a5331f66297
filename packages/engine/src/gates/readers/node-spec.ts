import { createTally, indentOf, readNumbers, type Tally, type TestReader, toLines } from "./tally.ts";

const MARKED = /^(▶|✔|✖|﹣) (.*)$/;
const TIMED = /^(.*) \(\d+(?:\.\d+)?ms\)(?: # (.*))?$/;
const SCRIPT_FILE = /\.[cm]?[jt]sx?$/;

type Suite = { readonly name: string; readonly indent: number; failures: number };

/** The `spec` reporter of node:test, which prints each test and then its totals (`ℹ tests 6`). */
export const readNodeSpec: TestReader = (output) => {
  if (!/^ℹ tests \d+$/m.test(output)) return undefined;
  const tally = createTally("node-spec");
  let suites: Suite[] = [];
  let isRepeated = false; // The list of failures at the end names tests that were already read.
  let failed = 0;
  for (const line of toLines(output)) {
    failed +=
      readNumbers(/^ℹ fail (\d+)$/.test(line) ? line.replace(/^ℹ fail (\d+)$/, "$1 fail") : "").get("fail") ?? 0;
    const match = MARKED.exec(line.trimStart());
    if (match !== null && !isRepeated) suites = readMarked(match, indentOf(line), suites, tally);
    isRepeated = line.startsWith("test at ");
  }
  return tally.toResults({ ...tally.counts, failed });
};

/** Reads one marked line. Returns the suites that are open after it. */
function readMarked(match: RegExpExecArray, indent: number, suites: readonly Suite[], tally: Tally): Suite[] {
  const [, mark = "", text = ""] = match;
  const open = suites.filter((suite) => suite.indent <= indent);
  const own = open.find((suite) => suite.indent === indent);
  const outer = open.filter((suite) => suite.indent < indent);
  if (mark === "▶") return [...outer, { name: text, indent, failures: 0 }];
  const timed = TIMED.exec(text);
  if (timed === null) return [...open];
  const [, name = "", directive] = timed;
  const isFailed = mark === "✖";
  if (isFailed) for (const suite of outer) suite.failures += 1;
  const closesSuite = own !== undefined && own.name === name;
  const isFileWithoutTests = indent === 0 && mark === "✔" && SCRIPT_FILE.test(name);
  const isCounted = closesSuite ? isFailed && own.failures === 0 : !isFileWithoutTests;
  if (isCounted) {
    const isSkipped = mark === "﹣" || (directive !== undefined && /^(TODO|SKIP)/.test(directive));
    const path = [...outer.map((suite) => suite.name), name].join(" > ");
    tally.add(path, isSkipped ? "skipped" : isFailed ? "failed" : "passed");
  }
  return outer;
}
