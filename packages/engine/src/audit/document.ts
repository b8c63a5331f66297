import { pathsIn } from "./paths.ts";
import { isTooLong, readReport, type ReportLine } from "./report-text.ts";
import { isDone } from "./status-words.ts";

/** The audited document, with what rules ask of more than one line; each is worked out once. */
export type Document = {
  /** Its name as it was given. */
  readonly file: string;
  readonly lines: readonly ReportLine[];
  readonly cut: boolean;
  /** Paths that a line names. */
  readonly pathsOf: (line: ReportLine) => readonly string[];
  /** True where no line before names the path as being there. */
  readonly isFirstMention: (path: string, line: ReportLine) => boolean;
  /** The file that a line's measures are about; undefined where none or several could be meant. */
  readonly subjectOf: (line: ReportLine) => string | undefined;
  /** The first table of tasks with a status each: how many rows say that they are done. */
  readonly matrix: TaskMatrix | undefined;
};

export type TaskMatrix = { readonly line: number; readonly done: number; readonly total: number };

const PLANNED = /\b(?:will|should|would|could|to be (?:created|written|added)|planned|todo|next steps?)\b/i;

/** Reads a document. */
export function readDocument(file: string, text: string): Document {
  const lines = readReport(text);
  const paths = lines.map((line) => pathsIn(line.text));
  const pathsOf = (line: ReportLine): readonly string[] => paths[line.number - 1] ?? [];
  const first = new Map<string, number>();
  for (const line of lines)
    if (statesFiles(line)) for (const path of pathsOf(line)) if (!first.has(path)) first.set(path, line.number);
  const subjects = findSubjects(lines, pathsOf);
  return {
    file,
    lines,
    cut: isTooLong(text),
    pathsOf,
    isFirstMention: (path, line) => first.get(path) === line.number,
    subjectOf: (line) => subjects[line.number - 1],
    matrix: readMatrix(lines),
  };
}

/** True for a line that says of files that they are there: not code, not plans. */
function statesFiles({ fenced, text }: ReportLine): boolean {
  return !fenced && !PLANNED.test(text);
}

/**
 * A line is about the file that it names; else about the last one named before it in its section; else about the one that the
 * section's code or its line `File: …` names after it.
 */
function findSubjects(
  lines: readonly ReportLine[],
  pathsOf: (line: ReportLine) => readonly string[],
): readonly (string | undefined)[] {
  const filesOf = (line: ReportLine): readonly string[] => pathsOf(line).filter((path) => !path.endsWith("/"));
  const later: (string | undefined)[] = [];
  let known: string | undefined;
  for (const line of lines.toReversed()) {
    if (line.fenced || /^file\b/i.test(line.text)) known = filesOf(line)[0] ?? known;
    later[line.number - 1] = known;
    if (line.heading) known = undefined;
  }
  known = undefined;
  return lines.map((line) => {
    if (line.heading) known = undefined;
    const own = filesOf(line);
    known = own.at(-1) ?? known;
    if (own.length > 0) return own.length === 1 ? own[0] : undefined;
    return line.cells.length > 0 ? undefined : (known ?? later[line.number - 1]);
  });
}

function readMatrix(lines: readonly ReportLine[]): TaskMatrix | undefined {
  const first = lines.findIndex(({ cells, columns }) => cells.length > 0 && isMatrix(columns));
  const start = lines[first];
  if (start === undefined) return undefined;
  const end = lines.findIndex(({ cells }, index) => index > first && cells.length === 0);
  const rows = lines.slice(first, end === -1 ? undefined : end);
  const column = statusColumn(start.columns);
  return {
    line: start.number,
    done: rows.filter(({ cells }) => isDone(cells[column] ?? "")).length,
    total: rows.length,
  };
}

/** Tells whether a table has a row a task. */
export function isMatrix(columns: readonly string[]): boolean {
  return columns.some((column) => /^tasks?$/i.test(column)) && statusColumn(columns) !== -1;
}

/** Index of the column that holds the status; -1 where there is none. */
export function statusColumn(columns: readonly string[]): number {
  return columns.findIndex((column) => /^status$/i.test(column));
}
