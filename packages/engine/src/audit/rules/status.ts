import type { TaskRow } from "@cloister/core";
import { contradicted, supported, withoutEvidence, type Judgement } from "../claim.ts";
import type { JournalView } from "../journal-view.ts";
import type { ReportLine } from "../report-text.ts";
import type { Rule, World } from "../rule.ts";
import { statusColumn } from "../document.ts";
import { isDone, statusIn } from "../status-words.ts";

/** Said of more than a gate can show. */
const BOAST = /\bproduction\b|\bbug[- ]free\b|\bbattle[- ]tested\b/i;
/** All of the work is meant. */
const WHOLE =
  /\bmission accomplished\b|\b(?:all|every)\s+(?:\d+\s+)?tasks?\b|\b(?:project|run|loop|final|overall)\s+status\b/i;

/** Words such as DONE and "production ready", ticked boxes, rows of a table of tasks. Only a task that the journal knows can be shown. */
export const statusRule: Rule = (line) => {
  if (line.fenced) return [];
  const text = claimIn(line);
  return text === undefined ? [] : [{ kind: "status", text, judge: (world) => judgeStatus(line, world) }];
};

function claimIn(line: ReportLine): string | undefined {
  const { cells, columns, checked, text } = line;
  const column = statusColumn(columns);
  if (column !== -1) return isDone(cells[column] ?? "") ? cells.join(" | ") : undefined;
  if (checked !== undefined) return checked ? text : undefined;
  return statusIn(text) === undefined ? undefined : text;
}

function judgeStatus(line: ReportLine, { journal }: World): Judgement {
  if (journal === undefined) return withoutEvidence("a word is no evidence, and there is no journal of the run");
  const task = findTask(line, journal.report.tasks);
  const judgement = task === undefined ? judgeWhole(line.text, journal) : judgeTask(task, journal);
  return judgement.verdict === "supported" && BOAST.test(line.text)
    ? withoutEvidence(`${judgement.why}; that it is more than that, nothing shows`, judgement.evidence)
    : judgement;
}

function judgeTask({ id, status, doneBefore }: TaskRow, { cite }: JournalView): Judgement {
  const evidence = cite(status.evidence);
  if (doneBefore)
    return withoutEvidence(`task ${id} was marked as done before the run, which proves nothing of it`, evidence);
  return status.value === "done"
    ? supported(`task ${id} is done, with evidence`, evidence)
    : contradicted(`by the journal task ${id} is ${status.value}`, evidence);
}

function judgeWhole(text: string, { report: { end }, cite }: JournalView): Judgement {
  if (end === undefined || !WHOLE.test(text))
    return withoutEvidence("a word is no evidence, and the journal knows no task or gate that would show it");
  const verdict = end.value.reason === "done" ? supported : contradicted;
  return verdict(`how the run ended: ${end.value.sentence}`, cite(end.evidence));
}

/** The task that a line is about: by its id as a word, or by its title. */
function findTask({ text, cells }: ReportLine, tasks: readonly TaskRow[]): TaskRow | undefined {
  const said = (cells.length > 0 ? cells.join(" ") : text).toLowerCase();
  const named = tasks.filter(
    ({ id, title }) => hasWord(said, id.toLowerCase()) || (title.length > 3 && said.includes(title.toLowerCase())),
  );
  return named.length === 1 ? named[0] : undefined;
}

/** Numbers alone are too common to name a task. */
function hasWord(text: string, word: string): boolean {
  if (/^\d*$/.test(word)) return false;
  const index = text.indexOf(word);
  const isEdge = (character: string | undefined): boolean => character === undefined || !/[\w./-]/.test(character);
  return index !== -1 && isEdge(text[index - 1]) && isEdge(text[index + word.length]);
}
