/** Small charts as inline SVG. Colours come from the page's style, by class; every shape says in words what it shows. */
import { describeDuration, describeMoney, type IterationRow, type Report } from "@cloister/core";
import { toHtmlText } from "./html-text.ts";
import { toneOf, toWords } from "./wording.ts";

const WIDTH = 960;
const LABEL = 150;
const LANE = 26;
const MOST_LANES = 30;
const BARS = 110;

/** Iterations along the run's time, one lane a task. Empty where there is nothing to draw. */
export function drawTimeline({ iterations: { rows }, run }: Report): string {
  const tasks = [...new Set(rows.map(({ task }) => task))].slice(0, MOST_LANES);
  if (tasks.length === 0) return "";
  const from = rows[0]?.startedAt ?? run.startedAt;
  const span = Math.max(1, run.lastEventAt - from);
  const toX = (time: number): number => LABEL + ((time - from) / span) * (WIDTH - LABEL);
  const lanes = tasks.map((task, lane) => drawLane(task, lane));
  const bars = rows.map((row) => {
    const lane = tasks.indexOf(row.task);
    const end = row.durationMs === undefined ? run.lastEventAt : row.startedAt + row.durationMs.value;
    return lane === -1
      ? ""
      : drawSpan(row, { x: toX(row.startedAt), y: lane * LANE, width: toX(end) - toX(row.startedAt) });
  });
  return svg(tasks.length * LANE, "Iterations over time, by task", [...lanes, ...bars].join(""));
}

/** Cost and tokens of each iteration. Empty where there was none. */
export function drawSpend({ iterations: { rows } }: Report): string {
  if (rows.length === 0) return "";
  const half = (WIDTH - 40) / 2;
  const cost = {
    label: "Cost per iteration",
    x: 0,
    values: rows.map((row) => row.cost.value),
    describe: describeMoney,
  };
  const tokens = {
    label: "Tokens per iteration",
    x: half + 40,
    values: rows.map((row) => row.tokens.value),
    describe: (value: number) => value.toLocaleString("en-US"),
  };
  const numbers = rows.map(({ iteration }) => iteration);
  const content = drawBars(cost, numbers, half) + drawBars(tokens, numbers, half);
  return svg(BARS + 34, "Cost and tokens of each iteration", content);
}

type Bars<Value extends number> = {
  readonly label: string;
  readonly x: number;
  readonly values: readonly Value[];
  readonly describe: (value: Value) => string;
};

function drawBars<Value extends number>(
  { label, x, values, describe }: Bars<Value>,
  numbers: readonly number[],
  width: number,
): string {
  const [first, ...rest] = values;
  if (first === undefined) return "";
  const most = rest.reduce((left, right) => (right > left ? right : left), first);
  const step = width / values.length;
  const bars = values.map((value, index) => {
    const height = most === 0 ? 0 : (value / most) * BARS;
    const box = rectangle({
      x: x + index * step,
      y: 24 + BARS - height,
      width: Math.max(0.5, Math.min(step * 0.8, 40)),
      height,
    });
    return `<rect class="bar" ${box}>${title(`Iteration ${numbers[index] ?? ""}: ${describe(value)}`)}</rect>`;
  });
  const caption = `<text class="caption" x="${x}" y="12">${toHtmlText(`${label}, at most ${describe(most)}`)}</text>`;
  const base = `<line class="axis" x1="${x}" x2="${x + width}" y1="${24 + BARS}" y2="${24 + BARS}"/>`;
  return caption + base + bars.join("");
}

function drawLane(task: string, lane: number): string {
  const y = lane * LANE;
  const name = task.length > 20 ? `${task.slice(0, 19)}…` : task;
  const rule = `<line class="axis" x1="${LABEL}" x2="${WIDTH}" y1="${y + LANE / 2}" y2="${y + LANE / 2}"/>`;
  return `<text class="caption" x="0" y="${y + LANE / 2 + 4}">${toHtmlText(name)}</text>${rule}`;
}

type Box = { readonly x: number; readonly y: number; readonly width: number; readonly height: number };

function drawSpan(row: IterationRow, { x, y, width }: Omit<Box, "height">): string {
  const time = row.durationMs === undefined ? "goes on" : describeDuration(row.durationMs.value);
  const words = `Iteration ${row.iteration} (${row.task}, ${row.phase}): ${toWords(row.verdict.value)}, ${time}`;
  const box = rectangle({ x, y: y + 4, width: Math.max(2, width - 1), height: LANE - 8 });
  return `<rect class="${toneOf(row.verdict.value)}" rx="3" ${box}>${title(words)}</rect>`;
}

function rectangle(box: Box): string {
  return Object.entries(box)
    .map(([name, value]) => `${name}="${value.toFixed(1)}"`)
    .join(" ");
}

function title(words: string): string {
  return `<title>${toHtmlText(words)}</title>`;
}

function svg(height: number, words: string, content: string): string {
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${toHtmlText(words)}">${content}</svg>`;
}
