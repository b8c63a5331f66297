import type { TaskRow } from "@cloister/core";
import { contradicted, supported, withoutEvidence, type Judgement } from "../claim.ts";
import type { ReportLine } from "../report-text.ts";
import type { Rule, World } from "../rule.ts";
import { statusColumn } from "../document.ts";
import { isDone, statusIn } from "../status-words.ts";

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
  const { report, cite } = journal;
  const task = findTask(line, report.tasks);
  if (task !== undefined) {
    const evidence = cite(task.status.evidence);
    if (task.doneBefore)
      return withoutEvidence(
        `task ${task.id} was marked as done before the run: the run proves nothing of it`,
        evidence,
      );
    const isProven = task.status.value === "done";
    return isProven
      ? supported(`task ${task.id} is done, with evidence`, evidence)
      : contradicted(`by the journal task ${task.id} is ${task.status.value}`, evidence);
  }
  if (report.end !== undefined && report.end.value.exitCode !== 0 && isWhole(line.text))
    return contradicted(`the run ended otherwise: ${report.end.value.sentence}`, cite(report.end.evidence));
  if (report.end?.value.reason === "done" && isWhole(line.text) && !/production/i.test(line.text))
    return supported("the run ended with every task done", cite(report.end.evidence));
  return withoutEvidence("a word is no evidence, and the journal knows no task or gate that would show it");
}

/** True where all of the work is meant. */
function isWhole(text: string): boolean {
  return /\bmission accomplished\b|\b(?:all|every)\s+(?:\d+\s+)?tasks?\b|\b(?:project|run|loop|final|overall)\s+status\b/i.test(
    text,
  );
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
  const isEdge = (character: string | undefined): boolean => character === undefined || !/[\w-]/.test(character);
  return index !== -1 && isEdge(text[index - 1]) && isEdge(text[index + word.length]);
}
