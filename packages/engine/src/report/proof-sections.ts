import { describeCount, type Evidence, type Report } from "@cloister/core";
import { refs } from "./cells.ts";
import { columns, section, type Line, type Section } from "./document.ts";
import { toMoment, toWords } from "./wording.ts";

/** Commands that say a number again. */
export function checkSection(report: Report): Section {
  const facts: readonly (readonly [string, Evidence | undefined])[] = [
    ["Change of the run", report.diff.run?.evidence],
    ...report.marks.flatMap(({ mark, before, after }) => [
      [`${mark} before`, before?.evidence] as const,
      [`${mark} after`, after?.evidence] as const,
    ]),
    ...report.gates.map(({ gate, before, after }) => [`Gate ${gate}`, (after ?? before)?.evidence] as const),
    ["Journal unchanged", report.journal.events.evidence],
  ];
  const rows = facts.flatMap(([what, evidence]): (readonly Line[])[] =>
    evidence?.command === undefined || evidence.command === ""
      ? []
      : [[[what], [{ code: evidence.command }], [refs(evidence)]]],
  );
  const { branch, baseCommit, headCommit } = report.run;
  return section(
    "check",
    "How to check it again",
    {
      type: "text",
      line: [
        `In the repository. Gates run on the last commit, ${headCommit.slice(0, 10)} of branch ${branch}; the run began at ${baseCommit.slice(0, 10)}.`,
      ],
    },
    { type: "table", columns: columns("What", "Command", "Events"), rows },
  );
}

/** The events that references point to. */
export function evidenceSection({ evidence, journal, run }: Report): Section {
  const hash = journal.hash === undefined ? "" : ` Hash of the last one: ${journal.hash}.`;
  const note = `The journal of run ${run.id} holds ${describeCount(journal.events.value, "event")}.${hash} What agents said while they worked is left out here.`;
  const events = evidence.map(({ position, time, type, iteration }) => ({
    position,
    moment: toMoment(time),
    name: toWords(type),
    iteration: iteration === undefined ? "" : String(iteration),
  }));
  return section("evidence", "Evidence", { type: "text", line: [note] }, { type: "events", events });
}
