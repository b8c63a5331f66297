import { contradicted, supported, withoutEvidence, type Judgement } from "../claim.ts";
import { lastTests, type JournalView } from "../journal-view.ts";
import { NUMBER, toNumber } from "../numbers.ts";
import type { Rule, Sighting } from "../rule.ts";
import type { ReportLine } from "../report-text.ts";

const FRACTION = new RegExp(String.raw`(${NUMBER})\s*\/\s*(${NUMBER})\s+tests?\b`, "gi");
const COUNTED = new RegExp(
  String.raw`(?<![\d/.])(${NUMBER})\s+(?:(?:new|unit|integration|passing|passed|automated|total)\s+){0,2}tests?\b`,
  "gi",
);
const OUTCOME = new RegExp(
  String.raw`(?<![\d/.])(${NUMBER})\s+(?:tests?\s+)?(passed|passing|failed|failing|skipped)\b`,
  "gi",
);
const ALL =
  /\ball\s+(?:\w+\s+)?tests?\b[^.|]{0,20}\b(?:pass\w*|green|succe\w+)|\btests?\b[^.|]{0,20}(?:\ball pass\w*|100\s?%)|100\s?%\s+(?:of\s+)?tests?\b|\btests?\b.{0,30}\ball passing/i;
const ADDED = /\b(?:added|new|wrote|written|created)\b/i;

/** Counts and outcomes of tests. Only what a gate counted can show them. */
export const testRule: Rule = (line) => {
  const text = /\btests?\b/i.test(line.text);
  return [
    ...(ALL.test(line.text) ? [allPass(line)] : []),
    ...[...line.text.matchAll(FRACTION)].map(([said, passed = "", total = ""]) =>
      counted(said, (journal) => judgePassed(journal, toNumber(passed), toNumber(total))),
    ),
    ...[...line.text.matchAll(COUNTED)].map(([said, number = ""]) => countOf(line, said, toNumber(number))),
    ...tableCount(line),
    ...(text || line.fenced ? [...line.text.matchAll(OUTCOME)] : []).map(([said, number = "", outcome = ""]) =>
      counted(said, (journal) => judgeOutcome(journal, toNumber(number), outcome.toLowerCase(), line)),
    ),
  ];
};

/** `| Tests Added | 6 (all passing) |`. */
function tableCount(line: ReportLine): readonly Sighting[] {
  const [label = "", value = ""] = line.cells;
  const number = new RegExp(String.raw`^(${NUMBER})(?!\s*(?:\/|%|\w*\s*tests?\b))`, "i").exec(value)?.[1];
  return /^tests?\b/i.test(label) && number !== undefined
    ? [countOf(line, `${label}: ${number}`, toNumber(number))]
    : [];
}

function countOf(line: ReportLine, said: string, number: number): Sighting {
  const isAdded = ADDED.test(line.text);
  const judge = (journal: JournalView): Judgement =>
    isAdded ? judgeAdded(journal, number) : judgeTotal(journal, number);
  return { ...counted(said, judge), quantity: { name: isAdded ? "tests added" : "tests", value: number } };
}

function counted(text: string, judge: (journal: JournalView) => Judgement): Sighting {
  return {
    kind: "tests",
    text,
    judge: ({ journal }) =>
      journal === undefined || lastTests(journal.report).length === 0
        ? withoutEvidence("no journal holds a gate that counted tests")
        : judge(journal),
  };
}

function allPass(line: ReportLine): Sighting {
  return counted(line.text, (journal) => {
    const gates = lastTests(journal.report);
    const evidence = journal.cite(...gates.map((gate) => gate.evidence));
    const failed = gates.reduce((total, { tests }) => total + tests.failed, 0);
    return failed === 0
      ? supported(`gates counted ${total(gates)} tests passed and none failed`, evidence)
      : contradicted(`the last gates counted ${failed} failed`, evidence);
  });
}

type Counted = ReturnType<typeof lastTests>;

function total(gates: Counted): number {
  return gates.reduce((sum, { tests }) => sum + tests.passed, 0);
}

/** A count may mean one gate or all of them. */
function compare(journal: JournalView, said: number, count: (tests: Counted[number]["tests"]) => number): Judgement {
  const gates = lastTests(journal.report);
  const counts = gates.map(({ tests }) => count(tests));
  const evidence = journal.cite(...gates.map((gate) => gate.evidence));
  const sum = counts.reduce((all, one) => all + one, 0);
  const why = gates.map(({ gate }, index) => `gate ${gate} counted ${counts[index] ?? 0}`).join(", ");
  return (counts.includes(said) || sum === said ? supported : contradicted)(why, evidence);
}

function judgeTotal(journal: JournalView, said: number): Judgement {
  const executed = compare(journal, said, ({ passed, failed }) => passed + failed);
  return executed.verdict === "supported"
    ? executed
    : compare(journal, said, ({ passed, failed, skipped }) => passed + failed + skipped);
}

function judgePassed(journal: JournalView, passed: number, all: number): Judgement {
  const first = compare(journal, passed, (tests) => tests.passed);
  return first.verdict === "supported" ? judgeTotal(journal, all) : first;
}

type Outcome = "passed" | "failed" | "skipped";

/** In a table, and where "before" is said, a count may also be the base commit's. */
function judgeOutcome(journal: JournalView, said: number, word: string, line: ReportLine): Judgement {
  const outcome: Outcome = word.startsWith("pass") ? "passed" : word.startsWith("fail") ? "failed" : "skipped";
  const now = compare(journal, said, (tests) => tests[outcome]);
  if (now.verdict === "supported" || !(line.cells.length > 0 || /\bbefore\b/i.test(line.text))) return now;
  const before = journal.report.gates.find(({ before: base }) => base?.value.tests?.[outcome] === said)?.before;
  return before === undefined ? now : supported(`the base commit counted ${said}`, journal.cite(before.evidence));
}

function judgeAdded(journal: JournalView, said: number): Judgement {
  const rows = journal.report.gates.filter(
    ({ before, after }) => before?.value.tests !== undefined && after?.value.tests !== undefined,
  );
  if (rows.length === 0) return withoutEvidence("no gate counted tests both before and after");
  const size = (tests: { passed: number; failed: number; skipped: number } | undefined): number =>
    tests === undefined ? 0 : tests.passed + tests.failed + tests.skipped;
  const grown = rows.map(({ before, after }) => size(after?.value.tests) - size(before?.value.tests));
  const evidence = journal.cite(...rows.flatMap(({ before, after }) => [before?.evidence, after?.evidence]));
  const why = rows.map(({ gate }, index) => `gate ${gate} counts ${grown[index] ?? 0} more than before`).join(", ");
  return (grown.includes(said) ? supported : contradicted)(why, evidence);
}
