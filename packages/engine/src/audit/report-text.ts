import { parseCells } from "./table-cells.ts";

/** A line of the audited document. */
export type ReportLine = {
  /** From 1. */
  readonly number: number;
  /** The line without marks of emphasis, list and heading. */
  readonly text: string;
  /** Number of the section that it is in; a heading begins one. */
  readonly section: number;
  readonly fenced: boolean;
  readonly heading: boolean;
  /** Begins a list's item. */
  readonly item: boolean;
  /** `- [x]` or `- [ ]`. */
  readonly checked?: boolean;
  /** Cells of a table's row; empty elsewhere. */
  readonly cells: readonly string[];
  /** Cells of the table's head; empty outside tables and in the head itself. */
  readonly columns: readonly string[];
};

const MOST_LINES = 20_000;
const MOST_CHARS = 2000;
const RULE_CELL = /^:?-+:?$/;

/** Reads a Markdown document line by line. Longer documents and lines are cut. */
export function readReport(text: string): readonly ReportLine[] {
  const lines: ReportLine[] = [];
  let fence = "";
  for (const [index, whole] of text.split(/\r?\n/, MOST_LINES).entries()) {
    const raw = whole.slice(0, MOST_CHARS).trim();
    const next = nextFence(fence, raw);
    const fenced = fence !== "" || next !== "";
    fence = next;
    lines.push(readLine(raw, { number: index + 1, fenced, previous: lines.at(-1) }));
  }
  return lines;
}

/** True where the document has more lines than are read. */
export function isTooLong(text: string): boolean {
  return text.split("\n", MOST_LINES + 1).length > MOST_LINES;
}

/** The marks that close the block of code which is open after the line; empty where none is. */
function nextFence(fence: string, raw: string): string {
  const mark = /^(?:```+|~~~+)/.exec(raw)?.[0];
  if (mark === undefined) return fence;
  if (fence === "") return mark;
  return mark.startsWith(fence) ? "" : fence;
}

type Place = { readonly number: number; readonly fenced: boolean; readonly previous: ReportLine | undefined };

function readLine(raw: string, { number, fenced, previous }: Place): ReportLine {
  const heading = !fenced && /^#{1,6}\s/.test(raw);
  const section = (previous?.section ?? 0) + (heading ? 1 : 0);
  return { number, section, fenced, heading, ...readTable(fenced ? "" : raw, previous), ...readMarks(raw) };
}

/** The line below the head of a table rules it off, and has no cells of its own. */
function readTable(raw: string, previous: ReportLine | undefined): Pick<ReportLine, "cells" | "columns"> {
  const cells = parseCells(raw);
  if (cells.length === 0) return { cells, columns: [] };
  if (cells.every((cell) => RULE_CELL.test(cell))) return { cells: [], columns: previous?.cells ?? [] };
  return { cells, columns: previous?.columns ?? [] };
}

function readMarks(raw: string): Pick<ReportLine, "text" | "item" | "checked"> {
  const item = /^(?:[-*+]|\d{1,9}[.)])\s+(?:\[([ xX])\]\s+)?/.exec(raw);
  const rest = item === null ? raw.replace(/^(?:#{1,6}\s+|>\s*)+/, "") : raw.slice(item[0].length);
  const text = rest.replaceAll(/\*\*|__/g, "").trim();
  const box = item?.[1];
  return { text, item: item !== null, ...(box === undefined ? {} : { checked: box !== " " }) };
}
