import { contradicted, supported, withoutEvidence, type Judgement } from "../claim.ts";
import { lastCell } from "../table-cells.ts";
import type { Rule, World } from "../rule.ts";

const OF_LIMIT = /\biterations?(?:\s+used)?\W{0,6}(\d{1,6})\s*(?:\/|\(?of)\s*(\d{1,6})/i;
const PLAIN = /\b(?:in|just|only|took|used|after|total\W{1,4})\s*(?:just\s+|only\s+)?(\d{1,6})\s+iterations?\b/i;
const IN_CELL = /^(\d{1,6})\s+iterations?\b/i;

/** How many iterations were used, of how many. */
export const iterationRule: Rule = (line) => {
  if (line.fenced) return [];
  const match = OF_LIMIT.exec(line.text) ?? PLAIN.exec(line.text) ?? IN_CELL.exec(lastCell(line.cells, IN_CELL));
  if (match === null) return [];
  const [text, used = "", limit] = match;
  const said = { used: Number(used), limit: limit === undefined ? undefined : Number(limit) };
  return [
    {
      kind: "iterations",
      text,
      quantity: { name: "iterations used", value: said.used },
      judge: (world) => judgeIterations(said, world),
    },
  ];
};

function judgeIterations(
  said: { readonly used: number; readonly limit: number | undefined },
  { journal }: World,
): Judgement {
  if (journal === undefined) return withoutEvidence("there is no journal of the run");
  const { used, limit } = journal.report.iterations;
  const evidence = journal.cite(used.evidence, limit?.evidence);
  const why = `the journal holds ${used.value} iterations${limit === undefined ? "" : `, of ${limit.value} allowed`}`;
  const agrees = said.used === used.value && (said.limit === undefined || said.limit === limit?.value);
  return (agrees ? supported : contradicted)(why, evidence);
}
