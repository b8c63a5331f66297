import type { GateSpec } from "../plan/plan.ts";
import type { MarkCounts } from "../run/event.ts";
import { toFact } from "./fact.ts";
import type { GateRow, MarkRow, TestCounts } from "./model.ts";
import { positionsOf, type RunRecord } from "./run-record.ts";

/** One row a gate: the run's gates first, then those of single tasks, then any that the journal alone knows. */
export function toGateRows(record: RunRecord): GateRow[] {
  const { charter } = record.state;
  const specs: readonly GateSpec[] = [...charter.gates, ...charter.plan.tasks.flatMap(({ gates }) => gates)];
  const judged = record.iterations.flatMap(({ gates }) => gates.map(({ value }) => value.gate));
  const names = new Set([...specs.map(({ name }) => name), ...judged]);
  return [...names].map((gate) => toGateRow(record, gate, specs.find(({ name }) => name === gate)?.command ?? ""));
}

/** Marks that a reader looks for, on the base commit and on the last. */
export function toMarkRows(record: RunRecord): MarkRow[] {
  const { state } = record;
  return [
    toMarkRow(record, "TODO", [state.baselineMarks?.todo, state.finalMarks?.todo]),
    toMarkRow(record, "FIXME", [state.baselineMarks?.fixme, state.finalMarks?.fixme]),
  ];
}

function toGateRow({ state, iterations, events }: RunRecord, gate: string, command: string): GateRow {
  const base = state.baseline[gate];
  const baseAt = events.findLast(({ event }) => event.type === "baseline_recorded")?.position;
  const history = iterations.flatMap(({ iteration, gates }) =>
    gates.filter(({ value }) => value.gate === gate).map(({ value, position }) => ({ iteration, value, position })),
  );
  const last = history.at(-1);
  return {
    gate,
    command,
    ...(base === undefined
      ? {}
      : { before: toFact({ verdict: base.verdict, ...withTests(base.tests) }, [baseAt], command) }),
    ...(last === undefined
      ? {}
      : { after: toFact({ outcome: last.value.outcome, ...withTests(last.value.counts) }, [last.position], command) }),
    history: history.map(({ iteration, value, position }) => ({
      iteration,
      outcome: toFact(value.outcome, [position], command),
      ...(value.inconclusive === undefined ? {} : { inconclusive: value.inconclusive }),
      newFailures: value.newFailures,
    })),
  };
}

function withTests(counts: TestCounts | undefined): { readonly tests?: TestCounts } {
  if (counts === undefined) return {};
  const { passed, failed, skipped } = counts;
  return { tests: { passed, failed, skipped } };
}

function toMarkRow(
  record: RunRecord,
  mark: MarkRow["mark"],
  [before, after]: readonly (MarkCounts["todo"] | undefined)[],
): MarkRow {
  const { charter, head } = record.state;
  const command = (commit: string): string => `git grep -I -o -h -w ${mark} ${commit} | wc -l`;
  const [baseAt, endAt] = [positionsOf(record, "baseline_recorded"), positionsOf(record, "run_ended")];
  return {
    mark,
    ...(before === undefined ? {} : { before: toFact(before, baseAt.slice(-1), command(charter.baseCommit)) }),
    ...(after === undefined ? {} : { after: toFact(after, endAt.slice(-1), command(head)) }),
  };
}
