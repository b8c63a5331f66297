/** The results as Markdown tables. */
import {
  type Breakdown,
  differences,
  mean,
  type Measurement,
  meetsTarget,
  ratio,
  type Summary,
  summarise,
} from "./measurement.ts";

/** One row a measurement. */
export function renderMeasurements(measurements: readonly Measurement[]): string {
  const header = [
    "what",
    "n",
    "Cloister p50 / p95",
    "peer p50 / p95",
    "difference p50 / p95",
    "ratio",
    "target",
    "met",
    "peer is",
  ];
  return renderTable(header, measurements.map(renderMeasurement));
}

function renderMeasurement(measurement: Measurement): string[] {
  const { name, unit, rounds, peer } = measurement;
  const cloister = rounds.flatMap((round) => round.cloister);
  const bare = rounds.flatMap((round) => round.peer);
  const [ours, theirs, more] = [summarise(cloister), summarise(bare), summarise(differences(rounds))];
  const met = meetsTarget(measurement);
  const hasPeer = bare.length > 0;
  return [
    name,
    String(cloister.length),
    renderSummary(ours, unit),
    ...[theirs, more].map((summary) => (hasPeer ? renderSummary(summary, unit) : "")),
    hasPeer ? `${renderRatio(ratio(rounds))} ×` : "",
    renderTarget(measurement),
    met === undefined ? "" : met ? "yes" : "**no**",
    peer,
  ];
}

function renderSummary({ p50, p95 }: Summary, unit: string): string {
  return `${renderFigure(p50)} / ${renderFigure(p95)} ${unit}`;
}

/** Targets of ratios stand a few hundredths beside 1. */
function renderRatio(value: number): string {
  return value.toFixed(value < 10 ? 2 : 1);
}

/** Two decimals for what is less than one, none for thousands. */
function renderFigure(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size < 1 ? 2 : size < 1000 ? 1 : 0);
}

function renderTarget({ target, unit }: Measurement): string {
  if (target === undefined) return "";
  if (target.of === "ratio")
    return "atMost" in target ? `ratio ≤ ${target.atMost}` : `ratio ≥ ${Number(target.atLeast.toFixed(2))}`;
  if ("atLeast" in target) return `p50 ≥ ${target.atLeast} ${unit}`;
  const p95 = target.p95 === undefined ? "" : `, p95 ≤ ${target.p95} ${unit}`;
  return `${target.of === "difference" ? "difference " : ""}p50 ≤ ${target.p50} ${unit}${p95}`;
}

/** A table with one row a part: its mean, and its share of the whole. */
export function renderBreakdown({ name, parts }: Breakdown): string {
  const whole = parts.reduce((sum, { values }) => sum + mean(values), 0);
  const rows = parts.map((part) => {
    const time = mean(part.values);
    return [part.name, `${time.toFixed(1)} ms`, `${((time / whole) * 100).toFixed(0)} %`];
  });
  return renderTable([name, "mean", "share"], [...rows, ["together", `${whole.toFixed(1)} ms`, ""]]);
}

function renderTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const rule = header.map(() => "---");
  return [header, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
