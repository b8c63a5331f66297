import { totalTokens, type TokenUsage } from "../agent/agent-event.ts";
import { fromUsd } from "../money.ts";
import type { DiffStat } from "../run/event.ts";
import { describeVerdict } from "./describe-verdict.ts";
import { toEvidence, toFact, type Fact } from "./fact.ts";
import type { AgentClaim, CostFacts, CostSource, IterationRow, Report } from "./model.ts";
import { toPlainText } from "./plain-text.ts";
import type { IterationRecord } from "./run-record.ts";

const CLAIM_CHARS = 1500;

/** One row an iteration. */
export function toIterationRow(record: IterationRecord): IterationRow {
  const { iteration, task, phase, startedAt, started, duration, verdict, usageAt, agent } = record;
  return {
    iteration,
    task,
    phase,
    startedAt,
    verdict: toFact(verdict?.value.type ?? unjudged(record), [verdict?.position ?? duration?.position ?? started]),
    because: describeVerdict(verdict?.value),
    claimed: agent?.value.claimed ?? false,
    cost: toFact(record.cost, [usageAt]),
    tokens: toFact(totalTokens(record.usage), [usageAt]),
    ...toResults(record),
  };
}

/** What an iteration that was cut off may lack. */
function toResults({
  started,
  duration,
  change,
  checkpoint,
}: IterationRecord): Pick<IterationRow, "durationMs" | "change" | "checkpoint"> {
  const show = (commit: string): string => `git show --stat ${commit}`;
  return {
    ...(duration && { durationMs: toFact(duration.value, [started, duration.position]) }),
    ...(change && { change: toFact(change.value.stat, [change.position]) }),
    ...(checkpoint && { checkpoint: toFact(checkpoint.value, [checkpoint.position], show(checkpoint.value.commit)) }),
  };
}

/** What agents said at the end of their iterations. */
export function toClaims(records: readonly IterationRecord[]): AgentClaim[] {
  return records.flatMap((record) => {
    const { agent, verdict, iteration, task, phase } = record;
    if (agent === undefined || (agent.value.finalMessage.trim() === "" && !agent.value.claimed)) return [];
    return {
      iteration,
      task,
      phase,
      claimed: agent.value.claimed,
      verdict: verdict?.value.type ?? unjudged(record),
      text: toPlainText(agent.value.finalMessage, CLAIM_CHARS),
      evidence: toEvidence([agent.position, verdict?.position]),
    };
  });
}

/** What was spent in money, whether that is all, and who says so. */
export function toCost(records: readonly IterationRecord[]): CostFacts {
  const total = fromUsd(0) + records.reduce((sum, { cost }) => sum + cost, 0);
  const from = (source: CostSource): Fact<number> => {
    const matching = records.filter(({ costFrom }) => costFrom === source);
    return toFact(
      matching.length,
      matching.map(({ usageAt, started }) => usageAt ?? started),
    );
  };
  const unknown = from("unknown");
  return {
    total: toFact(total as CostFacts["total"]["value"], usagePositions(records)),
    complete: { value: unknown.value === 0, evidence: unknown.evidence },
    sources: { gateway: from("gateway"), agent: from("agent"), priced: from("priced"), unknown },
  };
}

/** Tokens of the whole run, by kind. */
export function toTokens(records: readonly IterationRecord[]): Report["tokens"] {
  const sum = (count: (usage: TokenUsage) => number): Fact<number> =>
    toFact(
      records.reduce((total, { usage }) => total + count(usage), 0),
      usagePositions(records),
    );
  return {
    input: sum(({ input }) => input),
    cacheRead: sum(({ cacheRead }) => cacheRead),
    cacheWrite: sum(({ cacheWrite }) => cacheWrite),
    output: sum(({ output }) => output),
    reasoning: sum(({ reasoning }) => reasoning),
    total: sum(totalTokens),
  };
}

/** The changes of all iterations added up. */
export function toIterationDiff(records: readonly IterationRecord[]): Fact<DiffStat> {
  const changes = records.flatMap(({ change }) => change ?? []);
  const sum = (key: keyof DiffStat): number => changes.reduce((total, { value }) => total + value.stat[key], 0);
  const stat = { files: sum("files"), insertions: sum("insertions"), deletions: sum("deletions") };
  return toFact(
    stat,
    changes.map(({ position }) => position),
  );
}

function usagePositions(records: readonly IterationRecord[]): (number | undefined)[] {
  return records.map(({ usageAt }) => usageAt);
}

/** An iteration without a verdict goes on, or was cut off. */
function unjudged({ duration }: IterationRecord): "open" | "interrupted" {
  return duration === undefined ? "open" : "interrupted";
}
