import type { GateCell, GateRow, Report } from "@cloister/core";
import { columns, type Line, type Section } from "./document.ts";
import { cell, refs } from "./cells.ts";
import { describeTests, toWords } from "./wording.ts";

/** Gates before and after, and what each said in each iteration. */
export function gateSection({ gates, run, iterations }: Report): Section | undefined {
  if (gates.length === 0) return undefined;
  const judged = iterations.rows.filter(({ iteration }) =>
    gates.some(({ history }) => history.some((entry) => entry.iteration === iteration)),
  );
  return {
    id: "gates",
    title: "Gates and tests",
    blocks: [
      { type: "text", line: [`Checks that Cloister ran itself (from: ${run.gatesFrom}).`] },
      {
        type: "table",
        columns: columns("Gate", "Command", "Before", "Tests before", "Last", "Tests last"),
        rows: gates.map(toRow),
      },
      ...(judged.length === 0
        ? []
        : [
            {
              type: "table" as const,
              columns: columns("#Iteration", ...gates.map(({ gate }) => gate)),
              rows: judged.map(({ iteration }) => [
                [String(iteration)],
                ...gates.map(({ history }) => toHistoryCell(history.find((entry) => entry.iteration === iteration))),
              ]),
            },
          ]),
    ],
  };
}

function toRow({ gate, command, before, after }: GateRow): Line[] {
  return [
    [{ strong: gate }],
    [{ code: command }],
    cell(before, ({ verdict }) => ({ state: verdict })),
    cell(before, ({ tests }) => describeTests(tests)),
    cell(after, ({ outcome }) => ({ state: outcome })),
    cell(after, ({ tests }) => describeTests(tests)),
  ];
}

function toHistoryCell(entry: GateCell | undefined): Line {
  if (entry === undefined) return ["–"];
  const { outcome, inconclusive, newFailures } = entry;
  const why = inconclusive ?? (newFailures.length === 0 ? "" : `${newFailures.length} new`);
  return [{ state: outcome.value }, why === "" ? "" : `(${toWords(why)})`, refs(outcome.evidence)];
}
