import {
  describeDuration,
  describeEndReason,
  describeMoney,
  fromUsd,
  type RunState,
  describeCount,
} from "@cloister/core";
import type { RunSummary } from "@cloister/engine";
import type { Paint } from "../terminal/terminal.ts";
import { toSingleLine } from "./plain-text.ts";
import { describeTokens } from "./quantities.ts";
import { renderTask } from "./render-progress.ts";

/** How a run ended, and what the user can do now. `state` is the run's last state, for its tasks. */
export function renderEnd(
  summary: RunSummary,
  state: RunState | undefined,
  { paint, columns }: { readonly paint: Paint; readonly columns: number },
): string[] {
  const { reason, detail, workspace, branch, takeOver, report } = summary;
  const tone = reason === "done" ? "green" : "red";
  return [
    "",
    paint("bold", paint(tone, describeEndReason(reason))),
    ...(detail === undefined ? [] : [toSingleLine(detail)]),
    ...(state?.tasks ?? []).map((task) => renderTask(task, paint, columns)),
    describeSums(summary),
    "",
    `Work       branch ${branch}, in ${workspace}`,
    ...(takeOver === undefined ? [] : [`Take over  ${paint("cyan", takeOver)}`]),
    ...(report === undefined ? [] : [`Report     ${report}`]),
    ...(reason === "done" ? [] : [`Go on      ${paint("cyan", `cloister resume ${summary.run}`)}`]),
  ];
}

function describeSums({ tasks, iterations, runtimeMs, cost, costComplete, tokens }: RunSummary): string {
  return [
    `${tasks.done} of ${describeCount(tasks.total, "task")} done`,
    describeCount(iterations, "iteration"),
    describeDuration(runtimeMs),
    `${costComplete ? "" : "at least "}${describeMoney(fromUsd(cost))}`,
    `${describeTokens(tokens)} tokens`,
  ].join(" · ");
}
