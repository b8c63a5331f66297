/** Where a run stands, as lines and as data. */
import {
  addMoney,
  addUsage,
  describeEndReason,
  fromUsd,
  NO_USAGE,
  type RunState,
  runtimeMs,
  toUsd,
  totalTokens,
  describeCount,
} from "@cloister/core";
import type { Paint } from "../terminal/terminal.ts";
import { toSingleLine } from "./plain-text.ts";
import { describeDate } from "./quantities.ts";
import { describeTotals, describeWaiting, renderTask } from "./render-progress.ts";

/** A run's state, and whether a process works on it now. */
export type Standing = { readonly state: RunState; readonly alive: boolean };

/** Where and when a standing is shown. */
export type StatusView = { readonly now: number; readonly columns: number; readonly paint: Paint };

/** The run's state in a word or two: `working`, `paused`, `done`, `stopped short`, or the reason why it ended. */
export function describeStanding({ state, alive }: Standing): string {
  if (state.ended !== undefined) return state.ended.reason.replaceAll("_", " ");
  if (!alive) return "died";
  return state.paused ? "paused" : "working";
}

/** The lines of `cloister status`. */
export function renderStatus(standing: Standing, view: StatusView): string[] {
  const { state, alive } = standing;
  const { charter } = state;
  const now = alive ? view.now : state.lastEventAt;
  return [
    view.paint("bold", `Run ${charter.run}: ${describeStanding(standing)}`),
    ...explain(standing, now),
    "",
    ...state.tasks.map((task) => renderTask(task, view.paint, view.columns)),
    "",
    `started    ${describeDate(state.startedAt)}, ${describeCount(state.iterations, "iteration")}`,
    `spent      ${describeTotals(state, now)}`,
    `agent      ${charter.agent.name}${charter.agent.model === undefined ? "" : ` (${toSingleLine(charter.agent.model)})`}`,
    `gates      ${toSingleLine(charter.gates.map(({ name }) => name).join(", ")) || "none"}`,
    `branch     ${charter.branch}`,
    `workspace  ${charter.workspace}`,
  ];
}

/** The same as one value for programs. Money in US dollars, times in ms. */
export function toStatusJson(standing: Standing, now: number): Readonly<Record<string, unknown>> {
  const { state, alive } = standing;
  const { charter, open, ended } = state;
  return {
    run: charter.run,
    state: describeStanding(standing).replaceAll(" ", "_"),
    alive,
    ...(ended === undefined ? {} : { reason: ended.reason, detail: ended.detail }),
    tasks: state.tasks.map(({ task, status, phase, iterations, blocked }) => ({
      id: task.id,
      title: task.title,
      status,
      phase,
      iterations,
      ...(blocked === undefined ? {} : { blocked: blocked.why, detail: blocked.detail }),
    })),
    iterations: state.iterations,
    ...(open === undefined ? {} : { iteration: open.iteration, task: open.task }),
    cost: toUsd(addMoney(state.cost, open?.cost ?? fromUsd(0))),
    costComplete: state.unpricedIterations === 0,
    tokens: totalTokens(addUsage(state.usage, open?.usage ?? NO_USAGE)),
    startedAt: state.startedAt,
    runtimeMs: runtimeMs(state, alive ? now : state.lastEventAt),
    agent: charter.agent.name,
    branch: charter.branch,
    workspace: charter.workspace,
  };
}

function explain({ state, alive }: Standing, now: number): string[] {
  const { ended } = state;
  if (ended !== undefined) {
    const detail = ended.detail === undefined ? [] : [toSingleLine(ended.detail)];
    return [
      describeEndReason(ended.reason),
      ...detail,
      ...(ended.reason === "done" ? [] : ["Go on with: cloister resume"]),
    ];
  }
  if (!alive) return ["No process works on it any more. Go on with: cloister resume"];
  const waiting = describeWaiting(state, now);
  return waiting === undefined ? [] : [waiting];
}
