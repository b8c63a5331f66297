import { contradicted, supported, withoutEvidence, type Judgement } from "../claim.ts";
import { NUMBER, toNumber } from "../numbers.ts";
import type { Rule, World } from "../rule.ts";

const COUNTED = new RegExp(String.raw`\b(${NUMBER}|zero|no)\s+(?:\w+\s+){0,2}?(TODO|FIXME)s?\b`, "gi");
const LABELLED = new RegExp(String.raw`\b(TODO|FIXME)s?\b[^:|]{0,20}[:|]\s*(${NUMBER}|zero)\b`, "gi");
const RESOLVED = /\b(?:resolved|fixed|removed|cleared|eliminated|cleaned|addressed)\b/i;
const LEFT = /\b(?:left|remain\w*|open|outstanding|still|zero|no)\b/i;
const FILES = /\bfiles?\s+with\s+(?:TODO|FIXME)/i;

/** Counts of TODO and FIXME: how many are left, or were resolved. */
export const markRule: Rule = (line) => {
  if (line.fenced || FILES.test(line.text)) return [];
  const counted = [...line.text.matchAll(COUNTED)].map(([text, number = "", mark = ""]) => ({ text, number, mark }));
  const labelled = [...line.text.matchAll(LABELLED)].map(([text, mark = "", number = ""]) => ({ text, number, mark }));
  return [...counted, ...labelled].map(({ text, number, mark }) => {
    const said = /^(?:zero|no)$/i.test(number) ? 0 : toNumber(number);
    const isResolved = RESOLVED.test(line.text) && said > 0;
    const isLeft = LEFT.test(line.text) || said === 0;
    const meaning = isResolved ? "resolved" : isLeft ? "left" : "unclear";
    return { kind: "marks", text, judge: (world) => judgeMarks(mark.toUpperCase(), { said, meaning }, world) };
  });
};

type Said = { readonly said: number; readonly meaning: "resolved" | "left" | "unclear" };

async function judgeMarks(mark: string, { said, meaning }: Said, world: World): Promise<Judgement> {
  if (meaning === "resolved") return judgeResolved(mark, said, world);
  const left = await world.repository.countWord(mark);
  if (left === undefined) return withoutEvidence("the repository has no commit to count in");
  const evidence = { command: `git grep -I -o -h -w ${mark} HEAD | wc -l` };
  const why = `the last commit holds ${left}`;
  if (left === said) return supported(why, evidence);
  if (meaning === "left") return contradicted(why, evidence);
  return withoutEvidence(`${why}; whether found, resolved or left is meant is not said`, evidence);
}

function judgeResolved(mark: string, said: number, { journal }: World): Judgement {
  const row = journal?.report.marks.find((candidate) => candidate.mark === mark);
  if (journal === undefined || row?.before === undefined || row.after === undefined)
    return withoutEvidence("no journal counted them before and after");
  const [before, after] = [row.before.value, row.after.value];
  const evidence = journal.cite(row.before.evidence, row.after.evidence);
  const agrees = before - after === said;
  return (agrees ? supported : contradicted)(`there were ${before} before the run and ${after} after it`, evidence);
}
