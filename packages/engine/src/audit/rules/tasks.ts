import { isMatrix } from "../document.ts";
import { contradicted, supported, withoutEvidence, type Judgement } from "../claim.ts";
import type { ReportLine } from "../report-text.ts";
import type { Rule, World } from "../rule.ts";
import { lastCell } from "../table-cells.ts";

const FRACTION = /(?<![\d.])(\d{1,4}(?:\.\d)?)\s*\/\s*(\d{1,4})(?![\d.])/;
const ALL = /\ball\s+(\d{1,4})\s+tasks?\s+(?:are\s+)?(?:fully\s+)?(?:complete\w*|done|finished|implemented)\b/i;
const ABOUT_DONE = /\btasks?\b|\bcomplet|\bimplementation\b/i;
const ABOUT_OTHER = /\biteration|\banaly|\bquality\b|\bscore\b|\bpending\b|\btests?\b|\bfiles?\b|\bphase\b|\bweek\b/i;

/** How many of how many tasks are done. */
export const taskRule: Rule = (line) => {
  if (line.fenced || isMatrix(line.columns) || (ABOUT_OTHER.test(line.text) && !ALL.test(line.text))) return [];
  const said = readFraction(line);
  if (said === undefined) return [];
  const { text, done, total } = said;
  return [
    {
      kind: "tasks",
      text,
      quantity: { name: `tasks done of ${total}`, value: done },
      judge: (world) => judgeTasks(done, total, world),
    },
  ];
};

function readFraction({ text, cells }: ReportLine): { text: string; done: number; total: number } | undefined {
  const all = ALL.exec(text);
  if (all !== null) return { text: all[0], done: Number(all[1]), total: Number(all[1]) };
  if (!ABOUT_DONE.test(text)) return undefined;
  const match = FRACTION.exec(cells.length === 0 ? text : lastCell(cells, FRACTION));
  if (match === null) return undefined;
  const [fraction, done, total] = match;
  return { text: `${fraction} tasks done`, done: Number(done), total: Number(total) };
}

function judgeTasks(done: number, total: number, { journal, document: { matrix } }: World): Judgement {
  if (matrix !== undefined && matrix.total === total && matrix.done !== done) {
    const evidence = { lines: [matrix.line] };
    return contradicted(`the document's own table marks ${matrix.done} of ${total} as done`, evidence);
  }
  if (journal === undefined) return withoutEvidence("there is no journal of the run");
  const { tasks } = journal.report;
  const proven = tasks.filter(({ status }) => status.value === "done");
  const evidence = journal.cite(...tasks.map(({ status }) => status.evidence));
  const why = `by the journal ${proven.length} of ${tasks.length} are done`;
  return (proven.length === done && tasks.length === total ? supported : contradicted)(why, evidence);
}
