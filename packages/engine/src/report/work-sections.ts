import { describeDiff, describeDuration, describeMoney, type Report } from "@cloister/core";
import { cell, refs } from "./cells.ts";
import { columns, section, type Line, type Section } from "./document.ts";

/** The status matrix. */
export function taskSection({ tasks }: Report): Section {
  return section("tasks", "Tasks", {
    type: "table",
    columns: columns("Task", "Analysis", "Implementation", "Review", "Status", "#Iterations", "Note"),
    rows: tasks.map(({ id, title, phases, status, iterations, note }) => [
      [{ strong: id }, title === id ? "" : title],
      cell(phases.analyse, (state) => ({ state })),
      cell(phases.implement, (state) => ({ state })),
      cell(phases.review, (state) => ({ state })),
      cell(status, (state) => ({ state })),
      cell(iterations, String),
      [note],
    ]),
  });
}

/** What is not done, and why. */
export function leftSection({ left }: Report): Section | undefined {
  if (left.length === 0) return undefined;
  return section("left", "What is left", {
    type: "list",
    items: left.map(({ id, title, why, evidence }) => [
      { strong: id },
      title === id ? "" : title,
      `— ${why}`,
      refs(evidence),
    ]),
  });
}

/** One row an iteration. */
export function iterationSection({ iterations: { rows } }: Report): Section | undefined {
  if (rows.length === 0) return undefined;
  return section(
    "iterations",
    "Iterations",
    { type: "chart", chart: "timeline" },
    {
      type: "table",
      columns: columns("#No.", "Task", "Phase", "Verdict", "Why not", "#Time", "#Change", "#Cost", "#Tokens", "Commit"),
      rows: rows.map((row) => [
        [String(row.iteration)],
        [row.task],
        [row.phase],
        cell(row.verdict, (state) => ({ state })),
        [row.because],
        cell(row.durationMs, describeDuration),
        cell(row.change, ({ insertions, deletions }) => `+${insertions} −${deletions}`),
        cell(row.cost, describeMoney),
        cell(row.tokens, (tokens) => tokens.toLocaleString("en-US")),
        cell(row.checkpoint, ({ commit }) => ({ code: commit.slice(0, 10) })),
      ]),
    },
  );
}

/** The size of the work, and marks before and after it. */
export function changeSection({ diff, marks }: Report): Section {
  const items: Line[] = [];
  if (diff.run !== undefined)
    items.push(["From the base commit to the last:", describeDiff(diff.run.value), refs(diff.run.evidence)]);
  const { value, evidence } = diff.iterations;
  items.push([`All iterations added up: +${value.insertions} −${value.deletions} lines`, refs(evidence)]);
  return section(
    "change",
    "Change",
    { type: "list", items },
    {
      type: "table",
      columns: columns("Mark", "#Before", "#After"),
      rows: marks.map(({ mark, before, after }) => [[mark], cell(before, String), cell(after, String)]),
    },
  );
}
