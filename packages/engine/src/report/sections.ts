/** Puts a report into sections. Each number stands beside its references. */
import { describeDuration, describeMoney, EXIT_CODES, type Evidence, type Report } from "@cloister/core";
import { claimSection, findingSection, troubleSection } from "./account-sections.ts";
import { refs } from "./cells.ts";
import { section, type Line, type ReportDocument, type Section, type Tile } from "./document.ts";
import { gateSection } from "./gate-section.ts";
import { checkSection, evidenceSection } from "./proof-sections.ts";
import { spendSection } from "./spend-section.ts";
import { toMoment, toWords } from "./wording.ts";
import { changeSection, iterationSection, leftSection, taskSection } from "./work-sections.ts";

/** The report as a document. */
export function toDocument(report: Report): ReportDocument {
  const { run, end } = report;
  const sections: readonly (Section | undefined)[] = [
    summarySection(report),
    taskSection(report),
    leftSection(report),
    iterationSection(report),
    gateSection(report),
    changeSection(report),
    spendSection(report),
    findingSection(report),
    troubleSection(report),
    claimSection(report),
    checkSection(report),
    evidenceSection(report),
  ];
  return {
    title: run.title === "" ? "Run report" : run.title,
    subtitle: `Run ${run.id} · ${run.agent} · ${toMoment(run.startedAt)} to ${toMoment(run.lastEventAt)} UTC`,
    outcome: {
      text: end === undefined ? "going on" : toWords(end.value.reason),
      good: end === undefined ? undefined : EXIT_CODES[end.value.reason] === 0,
    },
    sections: sections.filter((section) => section !== undefined),
  };
}

function summarySection(report: Report): Section {
  const items = report.summary.map(({ value, evidence }): Line => [value, refs(evidence)]);
  return section("summary", "Summary", { type: "tiles", tiles: toTiles(report) }, { type: "list", items });
}

function toTiles({ tasks, iterations, runtimeMs, cost, tokens, gates }: Report): Tile[] {
  const done = tasks.filter(({ status, doneBefore }) => status.value === "done" && !doneBefore);
  const tested = gates.find(({ after }) => after?.value.tests !== undefined)?.after;
  return [
    tile("Tasks proven", `${done.length} / ${tasks.length}`, "", ...done.map(({ status }) => status.evidence)),
    tile(
      "Iterations",
      String(iterations.used.value),
      iterations.limit === undefined ? "no limit" : `of ${iterations.limit.value}`,
      iterations.used.evidence,
    ),
    tile("Running time", describeDuration(runtimeMs.value), "", runtimeMs.evidence),
    tile("Cost", describeMoney(cost.total.value), cost.complete.value ? "" : "incomplete", cost.total.evidence),
    tile("Tokens", tokens.total.value.toLocaleString("en-US"), "", tokens.total.evidence),
    ...(tested?.value.tests === undefined
      ? []
      : [
          tile(
            "Tests passed",
            String(tested.value.tests.passed),
            `${tested.value.tests.failed} failed`,
            tested.evidence,
          ),
        ]),
  ];
}

function tile(label: string, value: string, note: string, ...evidence: readonly Evidence[]): Tile {
  return { label, value, note, refs: evidence.flatMap(({ positions }) => positions) };
}
