/** The live view as lines, each at most as wide as the terminal. */
import {
  addMoney,
  addUsage,
  describeDuration,
  describeMoney,
  fromUsd,
  nextStep,
  NO_USAGE,
  type RunState,
  runtimeMs,
  type TaskState,
  type TaskStatus,
  totalTokens,
  describeCount,
} from "@cloister/core";
import type { Paint, Style } from "../terminal/terminal.ts";
import { cutToWidth, toSingleLine } from "./plain-text.ts";
import type { Progress } from "./progress.ts";
import { describeClock, describeTokens } from "./quantities.ts";

/** Where the view is drawn, and when. */
export type View = { readonly columns: number; readonly rows: number; readonly now: number; readonly paint: Paint };

/** Lines of the view that are not tasks. */
const FRAME_ROWS = 5;
const MIN_TASK_ROWS = 3;

const MARKS: Readonly<Record<TaskStatus, readonly [mark: string, style: Style]>> = {
  done: ["✓", "green"],
  active: ["▸", "cyan"],
  blocked: ["✗", "red"],
  pending: ["·", "dim"],
};

/** Draws the model. */
export function renderProgress({ state, activity, action }: Progress, view: View): string[] {
  const room = view.columns - 1; // The last column stays free: some terminals wrap as soon as it is written.
  const cut = (text: string): string => cutToWidth(toSingleLine(text), room);
  if (state === undefined) return [cut(activity)];
  return [
    view.paint("bold", cut(`${state.charter.run} · ${state.charter.agent.name}`)),
    ...renderTasks(state.tasks, view, room),
    cut(describeNow(state, activity, view.now)),
    ...(action === "" || state.open === undefined ? [] : [view.paint("dim", cut(`agent ${action}`))]),
    cut(describeTotals(state, view.now)),
  ];
}

/** One line on where a task stands. */
export function renderTask(
  { task, status, phase, iterations, blocked }: TaskState,
  paint: Paint,
  room: number,
): string {
  const [mark, style] = MARKS[status];
  const details = [
    ...(status === "active" ? [phase] : []),
    ...(iterations > 0 ? [describeCount(iterations, "iteration")] : []),
    ...(blocked === undefined ? [] : [blocked.why.replaceAll("_", " ")]),
  ];
  const suffix = details.length === 0 ? "" : `  (${details.join(", ")})`;
  const title = cutToWidth(
    `${toSingleLine(task.id)}  ${toSingleLine(task.title)}`,
    Math.max(10, room - 2 - suffix.length),
  );
  return `${paint(style, mark)} ${cutToWidth(`${title}${suffix}`, Math.max(1, room - 2))}`;
}

/** As many tasks as fit, around the one under way; what is left out is counted. */
function renderTasks(tasks: readonly TaskState[], { rows, paint }: View, room: number): string[] {
  const space = Math.max(MIN_TASK_ROWS, rows - FRAME_ROWS - 2);
  if (tasks.length <= space) return tasks.map((task) => renderTask(task, paint, room));
  const current = tasks.findIndex(({ status }) => status !== "done");
  const first = Math.max(0, Math.min(current - 1, tasks.length - space));
  const shown = tasks.slice(first, first + space);
  return [
    ...(first > 0 ? [paint("dim", cutToWidth(`… ${describeCount(first, "task")} above`, room))] : []),
    ...shown.map((task) => renderTask(task, paint, room)),
    ...(first + space < tasks.length
      ? [paint("dim", cutToWidth(`… ${describeCount(tasks.length - first - space, "task")} below`, room))]
      : []),
  ];
}

function describeNow(state: RunState, activity: string, now: number): string {
  const { open, charter, iterations } = state;
  if (open === undefined) return describeWaiting(state, now) ?? activity;
  const limit = charter.limits.maxIterations;
  const count = `iteration ${open.iteration}${limit === undefined ? "" : ` of ${Math.max(limit, iterations)}`}`;
  return [count, open.phase, describeElapsed(now - open.startedAt), activity].join(" · ");
}

/** What the run waits for, or will when the iteration under way is over; undefined where it does not wait. */
export function describeWaiting(state: RunState, now: number): string | undefined {
  if (state.ended !== undefined) return undefined;
  if (state.open !== undefined) return state.paused ? "pauses after the iteration under way" : undefined;
  const step = nextStep(state, now);
  if (step.type === "pause") return "paused · `cloister resume` goes on";
  if (step.type !== "wait") return undefined;
  return `waiting until ${describeClock(step.until)} (${describeElapsed(step.until - now)} left): ${step.why}`;
}

/** Time, money and tokens so far, the open iteration's included, beside their limits. */
export function describeTotals(state: RunState, now: number): string {
  const { maxRuntimeMs, maxCost, maxTokens } = state.charter.limits;
  const cost = addMoney(state.cost, state.open?.cost ?? fromUsd(0));
  const tokens = totalTokens(addUsage(state.usage, state.open?.usage ?? NO_USAGE));
  return [
    ofLimit(describeElapsed(runtimeMs(state, now)), maxRuntimeMs, describeDuration),
    ofLimit(`${state.unpricedIterations > 0 ? "at least " : ""}${describeMoney(cost)}`, maxCost, describeMoney),
    ofLimit(`${describeTokens(tokens)} tokens`, maxTokens, describeTokens),
  ].join(" · ");
}

function ofLimit<Value>(shown: string, limit: Value | undefined, describe: (value: Value) => string): string {
  return limit === undefined ? shown : `${shown} of ${describe(limit)}`;
}

/** A time to the second: tenths would only flicker. */
function describeElapsed(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  return seconds < 60 ? `${seconds}s` : describeDuration(seconds * 1000);
}
