import { contradicted, supported, withoutEvidence } from "../claim.ts";
import { NUMBER, toNumber } from "../numbers.ts";
import type { ReportLine } from "../report-text.ts";
import type { Document } from "../document.ts";
import type { Rule, Sighting } from "../rule.ts";

/** What reports like to count, and the word under which the counts are compared. */
const NOUNS: Readonly<Record<string, string>> = {
  report: "documents",
  document: "documents",
  doc: "documents",
  word: "words",
  device: "devices",
  package: "packages",
  crate: "packages",
  module: "modules",
  endpoint: "endpoints",
  component: "components",
  platform: "platforms",
};
const NOUN = Object.keys(NOUNS).join("|");
const ADJECTIVES = String.raw`(?:(?:comprehensive|total|detailed|complete|new|critical)\s+){0,2}`;
const COUNTED = new RegExp(String.raw`(?<![\d./-])(${NUMBER})(K)?\s+${ADJECTIVES}(${NOUN})s?\b`, "gi");
const LABELLED = new RegExp(String.raw`^(?:total\s+)?(${NOUN})s\W{1,4}(${NUMBER})(K)?(?![\d%/])`, "i");
const LIST_HEAD = /^(.{1,80}?)\s*\((\d{1,4})(?:\s+\w+)?\):?$/;
const CHANGED = new RegExp(String.raw`\b(lines? added|files? modified|files? changed)\W{1,6}(?:~)?(${NUMBER})\b`, "i");

/** Counts of documents, words, devices and the like: they must at least agree with each other. */
export const countRule: Rule = (line, { pathsOf }) => {
  if (line.fenced || line.heading || LIST_HEAD.test(line.text) || pathsOf(line).length > 0) return [];
  const counted = [...line.text.matchAll(COUNTED)].map(([text, number, suffix, noun]) =>
    count(text, noun, number, suffix),
  );
  if (counted.length > 0) return counted;
  const label = line.cells.length > 0 ? line.cells.slice(0, 2).join(": ") : line.text;
  const changed = CHANGED.exec(label);
  if (changed !== null) return [changeCount(changed[0], changed[1], changed[2])];
  const labelled = LABELLED.exec(label.replaceAll("~", ""));
  return labelled === null ? [] : [count(labelled[0], labelled[1], labelled[2], labelled[3])];
};

/** `Analysis Reports (11 docs):` with as many items beneath it. */
export const listRule: Rule = (line, document) => {
  if (line.fenced || line.item || line.cells.length > 0) return [];
  const [text, , number = ""] = LIST_HEAD.exec(line.text) ?? [];
  const items = text === undefined ? 0 : countItems(line, document);
  if (text === undefined || items === 0) return [];
  const verdict = items === Number(number) ? supported : contradicted;
  const evidence = { lines: [line.number + 1] };
  return [{ kind: "count", text, judge: () => verdict(`the list beneath it has ${items} items`, evidence) }];
};

function count(text: string, noun: string = "", number: string = "", suffix?: string): Sighting {
  const name = NOUNS[noun.toLowerCase()] ?? noun;
  return {
    kind: "count",
    text,
    quantity: { name, value: toNumber(number, suffix) },
    judge: () => withoutEvidence("nothing in the repository or the journal counts them"),
  };
}

/** Lines and files of the whole change: the run's diff, where there is a journal. */
function changeCount(text: string, label: string = "", number: string = ""): Sighting {
  const isLines = label.toLowerCase().startsWith("line");
  const value = toNumber(number);
  return {
    kind: "count",
    text,
    judge: ({ journal }) => {
      if (journal === undefined) return withoutEvidence("there is no journal of the run to take the change from");
      const fact = journal.report.diff.run;
      if (fact === undefined) return withoutEvidence("the change of the run was not measured");
      const actual = isLines ? fact.value.insertions : fact.value.files;
      const verdict = actual === value ? supported : contradicted;
      return verdict(`the run's change has ${actual}`, journal.cite(fact.evidence));
    },
  };
}

/** Items of the list that follows a line; lines that are indented text of an item do not count, blank ones do not end it. */
function countItems({ number }: ReportLine, { lines }: Document): number {
  let items = 0;
  for (const line of lines.slice(number)) {
    if (line.item) items++;
    else if (line.text !== "") break;
  }
  return items;
}
