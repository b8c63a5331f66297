import type { Report } from "@cloister/core";
import { refs } from "./cells.ts";
import { columns, section, type Block, type Section } from "./document.ts";
import { toMoment, toWords } from "./wording.ts";

/** What was found in the changes. */
export function findingSection({ findings }: Report): Section | undefined {
  if (findings.length === 0) return undefined;
  return section("findings", "Findings", {
    type: "table",
    columns: columns("#Iteration", "Finding", "Blocks", "Where", "What"),
    rows: findings.map(({ iteration, finding, blocks, evidence }) => [
      [String(iteration)],
      [toWords(finding.name), refs(evidence)],
      [blocks ? "yes" : "no"],
      finding.file === undefined
        ? ["–"]
        : [{ code: `${finding.file}${finding.line === undefined ? "" : `:${finding.line}`}` }],
      [finding.message],
    ]),
  });
}

/** Failures, retries, the breaker, rollbacks. */
export function troubleSection({ troubles }: Report): Section | undefined {
  if (troubles.length === 0) return undefined;
  return section("troubles", "Failures and what was done about them", {
    type: "table",
    columns: columns("Time (UTC)", "#Iteration", "What happened"),
    rows: troubles.map(({ time, iteration, text, evidence }) => [
      [toMoment(time)],
      [iteration === undefined ? "–" : String(iteration)],
      [text, refs(evidence)],
    ]),
  });
}

/** The agents' own words, marked as such. */
export function claimSection({ claims }: Report): Section | undefined {
  if (claims.length === 0) return undefined;
  const blocks = claims.map(({ iteration, task, claimed, verdict, text, evidence }): Block => {
    const said = claimed ? "claims that it is done" : "makes no claim";
    return {
      type: "quote",
      heading: [`Iteration ${iteration}, ${task}: ${said}; verdict`, { state: verdict }, refs(evidence)],
      text,
    };
  });
  const note =
    "What agents said at the end of their iterations, cut and unchecked. It is their word: nothing in this report rests on it.";
  return section("claims", "Claims of the agents", { type: "text", line: [note] }, ...blocks);
}
