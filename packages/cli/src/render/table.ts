import { cutToWidth, displayWidth, padToWidth } from "./plain-text.ts";

/** A column of a table. */
export type Column = { readonly title: string; readonly align?: "left" | "right" };

const GAP = "  ";
const MIN_LAST_COLUMN = 10;

/**
 * Lays rows out in aligned columns, the titles first. Only the last column is cut, where the table is wider than `columns`.
 * Cells may hold colours, the last one must not where it may be cut.
 */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number = Number.POSITIVE_INFINITY,
): string[] {
  const all = [columns.map(({ title }) => title), ...rows];
  const widths = columns.map((_, index) => Math.max(...all.map((row) => displayWidth(row[index] ?? ""))));
  const last = columns.length - 1;
  const before = widths.slice(0, last).reduce((sum, value) => sum + value + GAP.length, 0);
  const room = Math.max(MIN_LAST_COLUMN, width - before);
  return all.map((row) =>
    columns
      .map(({ align }, index) => {
        const cell = row[index] ?? "";
        if (index === last) return align === "right" ? padToWidth(cell, widths[index] ?? 0, "left") : fit(cell, room);
        return padToWidth(cell, widths[index] ?? 0, align === "right" ? "left" : "right");
      })
      .join(GAP)
      .trimEnd(),
  );
}

function fit(cell: string, room: number): string {
  return displayWidth(cell) > room ? cutToWidth(cell, room) : cell;
}
