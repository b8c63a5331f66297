import { describeDuration } from "../duration.ts";
import { describeMoney } from "../money.ts";
import type { DiffStat } from "../run/event.ts";
import { describeCount } from "./count.ts";
import { toFact, type Evidence, type Fact } from "./fact.ts";
import type { GateRow, Report } from "./model.ts";

/** The parts of a report that its summary is made of. */
export type SummaryParts = Omit<Report, "summary">;

/** Sentences for somebody who reads nothing else. Each is made of facts and carries their evidence. */
export function summarize(report: SummaryParts): Fact<string>[] {
  return [
    ...endSentence(report),
    taskSentence(report),
    ...claimSentence(report),
    iterationSentence(report),
    costSentence(report),
    changeSentence(report),
    ...report.gates.flatMap(testSentence),
    ...findingSentence(report),
  ];
}

/** A change's size in words: `3 files, +40 −2`. */
export function describeDiff({ files, insertions, deletions }: DiffStat): string {
  return `${describeCount(files, "file")}, +${insertions} −${deletions}`;
}

function merge(...all: readonly (Evidence | undefined)[]): (number | undefined)[] {
  return all.flatMap((evidence) => evidence?.positions ?? []);
}

function endSentence({ end }: SummaryParts): Fact<string>[] {
  if (end === undefined) return [toFact("The run has not ended.", [])];
  const detail = end.value.detail === undefined ? "" : ` ${end.value.detail}`;
  return [{ value: `${end.value.sentence}${detail}`, evidence: end.evidence }];
}

function taskSentence({ tasks }: SummaryParts): Fact<string> {
  const count = (status: string): number => tasks.filter((task) => task.status.value === status).length;
  const before = tasks.filter(({ doneBefore }) => doneBefore).length;
  const proven = count("done") - before;
  const rest = [
    before === 0 ? "" : `${before} done before this run`,
    count("active") === 0 ? "" : `${count("active")} under way`,
    count("pending") === 0 ? "" : `${count("pending")} not begun`,
    count("blocked") === 0 ? "" : `${count("blocked")} given up`,
  ].filter((part) => part !== "");
  const text = `${proven} of ${describeCount(tasks.length, "task")} proven done${rest.length === 0 ? "" : `; ${rest.join(", ")}`}.`;
  return toFact(text, merge(...tasks.map(({ status }) => status.evidence)));
}

/** How far the agents' word could be trusted. */
function claimSentence({ claims }: SummaryParts): Fact<string>[] {
  const made = claims.filter(({ claimed, phase }) => claimed && phase === "implement");
  if (made.length === 0) return [];
  const refused = made.filter(({ verdict }) => verdict === "rejected").length;
  const outcome =
    refused === 0 ? "none was refused" : `${refused} ${refused === 1 ? "was" : "were"} refused on evidence`;
  const text = `Agents claimed completion ${describeCount(made.length, "time")}; ${outcome}.`;
  return [toFact(text, merge(...made.map(({ evidence }) => evidence)))];
}

function iterationSentence({ iterations: { used, limit }, runtimeMs }: SummaryParts): Fact<string> {
  const of = limit === undefined ? "" : ` of ${limit.value} allowed`;
  const text = `${describeCount(used.value, "iteration")}${of}, in ${describeDuration(runtimeMs.value)}.`;
  return toFact(text, merge(used.evidence, limit?.evidence, runtimeMs.evidence));
}

function costSentence({ cost, tokens }: SummaryParts): Fact<string> {
  const { gateway, agent, priced, unknown } = cost.sources;
  const sources = [
    gateway.value === 0 ? "" : `${describeCount(gateway.value, "iteration")} metered by the gateway`,
    agent.value === 0 ? "" : `${describeCount(agent.value, "iteration")} by the agent's own figure`,
    priced.value === 0 ? "" : `${describeCount(priced.value, "iteration")} priced from tokens`,
    unknown.value === 0 ? "" : `${describeCount(unknown.value, "iteration")} unknown, so it is too low`,
  ].filter((part) => part !== "");
  const from = sources.length === 0 ? "" : ` (${sources.join(", ")})`;
  const text = `Cost ${describeMoney(cost.total.value)}${from}; ${describeCount(tokens.total.value, "token")}.`;
  return toFact(text, merge(cost.total.evidence, tokens.total.evidence));
}

function changeSentence({ diff }: SummaryParts): Fact<string> {
  if (diff.run !== undefined)
    return { value: `The work changes ${describeDiff(diff.run.value)}.`, evidence: diff.run.evidence };
  const { value, evidence } = diff.iterations;
  return { value: `The iterations' changes add up to +${value.insertions} −${value.deletions} lines.`, evidence };
}

function testSentence({ gate, before, after }: GateRow): Fact<string>[] {
  const [was, is] = [before?.value.tests, after?.value.tests];
  if (is === undefined) return [];
  const then = was === undefined ? "not counted before" : `${was.passed} passed, ${was.failed} failed before`;
  const text = `Gate ${gate}: ${describeCount(is.passed, "test")} passed, ${is.failed} failed, ${is.skipped} skipped (${then}).`;
  return [toFact(text, merge(before?.evidence, after?.evidence), after?.evidence.command)];
}

function findingSentence({ findings }: SummaryParts): Fact<string>[] {
  const blocking = findings.filter(({ blocks }) => blocks);
  if (findings.length === 0) return [];
  const text = `${describeCount(findings.length, "finding")}, ${blocking.length} of them blocking.`;
  return [toFact(text, merge(...findings.map(({ evidence }) => evidence)))];
}
