/** The cells of a row of a Markdown table, without emphasis; empty where the line is none. */
export function parseCells(line: string): string[] {
  if (!line.startsWith("|")) return [];
  const inner = line.slice(1).replace(/\|\s*$/, "");
  return inner.split(/(?<!\\)\|/).map((cell) =>
    cell
      .replaceAll(/\*\*|__/g, "")
      .replaceAll("\\|", "|")
      .trim(),
  );
}

/** The last cell that `pattern` matches: of a target and what came of it, the latter stands to the right. */
export function lastCell(cells: readonly string[], pattern: RegExp): string {
  return cells.findLast((cell) => pattern.test(cell)) ?? "";
}
