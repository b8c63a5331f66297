import { describeEndReason, EXIT_CODES } from "../run/end-reason.ts";
import { runtimeMs } from "../run/state.ts";
import { toEvidence, toFact, type Fact } from "./fact.ts";
import { toGateRows, toMarkRows } from "./gate-rows.ts";
import { toClaims, toCost, toIterationDiff, toIterationRow, toTokens } from "./iteration-rows.ts";
import type { FindingRow, Measurements, PositionedEvent, Report, RunEnd, RunFacts } from "./model.ts";
import { toPlainLine } from "./plain-text.ts";
import { positionsOf, recordRun, toCitedEvent, type RunRecord } from "./run-record.ts";
import { summarize } from "./summary.ts";
import { toLeft, toTaskRows } from "./task-rows.ts";
import { toTroubles } from "./troubles.ts";

const LINE_CHARS = 500;

/**
 * Folds a run's journal into its report; the same journal gives the same report.
 * Throws where the events do not begin with `run_created`.
 */
export function buildReport(events: Iterable<PositionedEvent>, measured: Measurements = {}): Report {
  const record = recordRun(events);
  const end = toEnd(record);
  const parts = {
    version: 1 as const,
    run: toRunFacts(record),
    ...(end === undefined ? {} : { end }),
    tasks: toTaskRows(record),
    iterations: toIterations(record),
    runtimeMs: toRuntime(record),
    cost: toCost(record.iterations),
    tokens: toTokens(record.iterations),
    diff: toDiff(record, measured),
    gates: toGateRows(record),
    marks: toMarkRows(record),
    findings: toFindings(record),
    troubles: toTroubles(record),
    left: toLeft(record),
    claims: toClaims(record.iterations),
    journal: toJournal(record, measured),
    evidence: record.events.map(toCitedEvent),
  };
  return { ...parts, summary: summarize(parts) };
}

function toRunFacts({ state }: RunRecord): RunFacts {
  const { charter } = state;
  const { name, version, model } = charter.agent;
  return {
    id: charter.run,
    title: toPlainLine(charter.plan.title, LINE_CHARS),
    planFile: charter.planFile,
    agent: [name, version, model].filter((part) => part !== undefined).join(" "),
    repository: charter.repository,
    branch: charter.branch,
    baseCommit: charter.baseCommit,
    headCommit: state.head,
    gatesFrom: charter.gatesFrom,
    cloisterVersion: charter.cloisterVersion,
    startedAt: state.startedAt,
    lastEventAt: state.lastEventAt,
  };
}

function toEnd(record: RunRecord): Fact<RunEnd> | undefined {
  const { ended } = record.state;
  if (ended === undefined) return undefined;
  const { reason, detail } = ended;
  const end: RunEnd = {
    reason,
    sentence: describeEndReason(reason),
    exitCode: EXIT_CODES[reason],
    ...(detail === undefined ? {} : { detail: toPlainLine(detail, LINE_CHARS) }),
  };
  return toFact(end, positionsOf(record, "run_ended").slice(-1));
}

function toIterations(record: RunRecord): Report["iterations"] {
  const limit = record.state.charter.limits.maxIterations;
  const started = record.iterations.map(({ started }) => started);
  return {
    used: toFact(record.state.iterations, started),
    ...(limit === undefined ? {} : { limit: toFact(limit, positionsOf(record, "run_created", "run_resumed")) }),
    rows: record.iterations.map(toIterationRow),
  };
}

/** From the first event to the end, or to the last event there is; time in which nothing ran it is left out. */
function toRuntime(record: RunRecord): Fact<number> {
  const { state, last } = record;
  const edges = positionsOf(record, "run_created", "run_resumed", "run_ended");
  return toFact(runtimeMs(state, state.lastEventAt), state.ended === undefined ? [...edges, last] : edges);
}

function toDiff(record: RunRecord, { diff }: Measurements): Report["diff"] {
  const iterations = toIterationDiff(record.iterations);
  if (diff === undefined) return { iterations };
  const { charter, head } = record.state;
  const ends = positionsOf(record, "run_created", "checkpoint_created", "rollback_finished");
  const command = `git diff --shortstat ${charter.baseCommit}..${head}`;
  return { iterations, run: toFact(diff, [ends[0], ends.at(-1)], command) };
}

function toFindings({ iterations }: RunRecord): FindingRow[] {
  return iterations.flatMap(({ iteration, findings }) =>
    findings.map(({ value: { finding, blocks }, position }) => ({
      iteration,
      finding: { ...finding, message: toPlainLine(finding.message, LINE_CHARS) },
      blocks,
      evidence: toEvidence([position]),
    })),
  );
}

function toJournal({ count, last, state }: RunRecord, { journalHash }: Measurements): Report["journal"] {
  const events = toFact(count, [last], `cloister audit --journal ${state.charter.run}`);
  return { events, ...(journalHash === undefined ? {} : { hash: journalHash }) };
}
