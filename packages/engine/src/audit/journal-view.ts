import {
  toEvidence,
  type Evidence,
  type PositionedEvent,
  type Report,
  type RunId,
  type TestCounts,
} from "@cloister/core";
import { measureReport } from "../report/index.ts";
import type { AuditEvidence } from "./claim.ts";

/** What an audit asks of a run's journal. */
export type JournalView = {
  readonly report: Report;
  /** Evidence of a fact of the report, with the run that it belongs to. */
  readonly cite: (...evidence: readonly (Evidence | undefined)[]) => AuditEvidence;
};

/** A run and where its events can be read, once. */
export type RunJournal = { readonly run: RunId; readonly events: Iterable<PositionedEvent> };

/** The journal of the run that `text` names; where it names none, of the last. The others are not read. */
export async function viewJournal(
  journals: readonly RunJournal[],
  text: string,
  env: Readonly<Record<string, string>>,
): Promise<JournalView | undefined> {
  const journal = journals.findLast(({ run }) => text.includes(run)) ?? journals.at(-1);
  if (journal === undefined) return undefined;
  const report = await measureReport(journal.events, env);
  return {
    report,
    cite: (...evidence) => {
      const { positions } = toEvidence(evidence.flatMap((one) => one?.positions ?? []));
      const command = evidence.find((one) => one?.command !== undefined)?.command;
      return { run: report.run.id, positions, ...(command === undefined ? {} : { command }) };
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
