/** Characters that mean something to a Markdown reader, or to the HTML that it makes. */
const SPECIAL = /[\\`*_{}[\]<>|~&]/g;
/** What a reader makes links of without any mark: addresses, mentions and numbers of issues. */
const LINKED = /\b(?:https?|ftp|mailto|www)(?=[.:])|[@#](?=\w)/gi;
/** What begins a heading, a list or a rule where it begins a line. */
const LINE_START = /^(?:[-+=](?!\d)|#|\d+(?=[.)](?:\s|$)))/;

/** Hostile text as Markdown that shows it and does nothing else: no link, no HTML, no heading, no mention, on one line. */
export function toMarkdownText(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  // A zero-width non-joiner after it is not seen, and keeps it from being recognised.
  const inert = line.replaceAll(LINKED, "$&\u200C").replaceAll(SPECIAL, "\\$&");
  return inert.replace(LINE_START, (start) => (/\d/.test(start) ? `${start}\\` : `\\${start}`));
}

/** Text as code, for a cell of a table: there a bar is escaped even in code. */
export function toMarkdownCode(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim().replaceAll("|", "\\|");
  if (line === "") return "";
  const marks = "`".repeat(longestRun(line) + 1);
  const pad = line.startsWith("`") || line.endsWith("`") ? " " : "";
  return `${marks}${pad}${line}${pad}${marks}`;
}

/** Text as a quoted block of code that it can't close. */
export function toMarkdownQuote(text: string): string {
  const marks = "`".repeat(Math.max(3, longestRun(text) + 1));
  return [`${marks}text`, ...text.split("\n"), marks].map((line) => `> ${line}`.trimEnd()).join("\n");
}

/** A table; cells are Markdown already. */
export function toMarkdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const toRow = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [toRow(head), toRow(head.map(() => "---")), ...rows.map(toRow)].join("\n");
}

/** Length of the longest run of backticks. */
function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
}
