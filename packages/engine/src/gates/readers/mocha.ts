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

const TOTAL = /^ {2}(\d+ (?:passing|pending|failing))(?: \([^)]*\))?$/;
const MARKED = /^(✔|✓|√|-|\d+\)) (.*?)(?: \(\d+ms\))?$/;

type Tree = { suites: { readonly name: string; readonly indent: number }[]; isOpen: boolean };

/** Mocha's `spec` reporter, and the totals of its others. */
export const readMocha: TestReader = (output) => {
  if (!/^ {2}\d+ passing \([^)]*\)$/m.test(output)) return undefined;
  const tally = createTally("mocha");
  const tree: Tree = { suites: [], isOpen: true };
  let counts = NO_COUNTS;
  for (const line of toLines(output)) {
    const total = TOTAL.exec(line);
    if (total === null) readTree(line, tree, tally);
    else {
      tree.isOpen = false; // What follows describes the failures once more.
      counts = addCounts(counts, toCounts(total[1] ?? ""));
    }
  }
  return tally.toResults(counts);
};

function toCounts(total: string): typeof NO_COUNTS {
  const numbers = readNumbers(total);
  const get = (word: string): number => numbers.get(word) ?? 0;
  return { passed: get("passing"), failed: get("failing"), skipped: get("pending") };
}

function readTree(line: string, tree: Tree, tally: Tally): void {
  const indent = indentOf(line);
  if (!tree.isOpen || indent < 2 || line.trim() === "") return;
  const outer = tree.suites.filter((suite) => suite.indent < indent);
  const marked = MARKED.exec(line.trim());
  if (marked === null) {
    tree.suites = [...outer, { name: line.trim(), indent }];
    return;
  }
  const [, mark = "", name = ""] = marked;
  const path = [...outer.map((suite) => suite.name), name].join(" > ");
  tally.add(path, mark === "-" ? "skipped" : mark.endsWith(")") ? "failed" : "passed");
}
