import { buildReport, type Evidence, type PositionedEvent, type Report, type TestCounts } from "@cloister/core";
import type { AuditEvidence } from "./claim.ts";

/** What an audit asks of a run's journal. */
export type JournalView = {
  readonly report: Report;
  /** Evidence of a fact of the report, with the run that it belongs to. */
  readonly cite: (...evidence: readonly (Evidence | undefined)[]) => AuditEvidence;
};

/** The journal of the run that `text` names; where it names none, of the last. */
export function viewJournal(journals: readonly Iterable<PositionedEvent>[], text: string): JournalView | undefined {
  const reports = journals.map((events) => buildReport(events));
  const report = reports.findLast(({ run }) => text.includes(run.id)) ?? reports.at(-1);
  if (report === undefined) return undefined;
  return {
    report,
    cite: (...evidence) => {
      const positions = evidence.flatMap((one) => one?.positions ?? []);
      const command = evidence.find((one) => one?.command !== undefined)?.command;
      const sorted = [...new Set(positions)].sort((left, right) => left - right);
      return { run: report.run.id, positions: sorted, ...(command === undefined ? {} : { command }) };
    },
  };
}

/** Tests of every gate that counts them, as it last said. */
export function lastTests({
  gates,
}: Report): readonly { readonly gate: string; readonly tests: TestCounts; readonly evidence: Evidence }[] {
  return gates.flatMap(({ gate, after }) =>
    after?.value.tests === undefined ? [] : [{ gate, tests: after.value.tests, evidence: after.evidence }],
  );
}
