/**
 * Markdown, line by line: as much of it as plans need. A parser that builds a tree loses the offsets that errors and
 * small edits live on, so that lines are looked at where they stand.
 */
import type { Span } from "../config/located.ts";
import { lineAt, sourceError, type SourceText } from "../config/source-text.ts";

/** A checkbox: what is between its brackets, and where. */
export type Box = { readonly mark: string; readonly span: Span };

/** What a line is. */
export type LineKind =
  | { readonly type: "heading"; readonly level: number; readonly title: string; readonly titleStart: number }
  | { readonly type: "item"; readonly text: string; readonly box?: Box }
  | { readonly type: "fence"; readonly opens: boolean; readonly info: string }
  | { readonly type: "code" | "comment" | "blank" | "text" };

/** One line of Markdown. Offsets are into the source's text; `end` is before the line's end characters. */
export type MarkdownLine = Span & {
  /** From 1, in the user's file. */
  readonly number: number;
  readonly text: string;
  /** Columns of white space before the text; tabs go to the next multiple of four. */
  readonly indent: number;
  readonly kind: LineKind;
};

const FENCE = /^\s*(`{3,}|~{3,})([^`]*)$/;
const HEADING = /^ {0,3}(#{1,6})(?=[ \t]|$)/;
const ITEM = /^(\s*(?:[-*+]|\d{1,9}[.)])\s+)(.*)$/;
const BOX = /^\[([^\]\w]?|[xX])\](?=\s|$)\s*/;

type Scan = { fence?: string; comment: boolean; openedAt: number };

/**
 * Splits a source into lines, from offset `start` on.
 * @throws CloisterError where a code block or comment is never closed: it would swallow every task below it.
 */
export function scanMarkdown(source: SourceText, start: number = 0): MarkdownLine[] {
  const lines: MarkdownLine[] = [];
  const scan: Scan = { comment: false, openedAt: 0 };
  let number = lineAt(source.text, start);
  for (const match of source.text.slice(start).matchAll(/([^\r\n]*)(\r\n|\n|\r|$)/g)) {
    const text = match[1] ?? "";
    if (text === "" && match[2] === "") break;
    const from = start + match.index;
    const span = { start: from, end: from + text.length };
    lines.push({ ...span, number, text, indent: columnsBefore(text), kind: classify(text, span.start, number, scan) });
    number += 1;
  }
  assertClosed(source, scan);
  return lines;
}

function assertClosed(source: SourceText, { fence, comment, openedAt }: Scan): void {
  if (fence === undefined && !comment) return;
  const [what, end] = comment ? ["comment", "-->"] : ["code block", fence];
  const message = `expected the ${what} that begins here to end with \`${end}\`, found the end of the file.`;
  throw sourceError(source, openedAt, { message, remedy: "Close it." });
}

function classify(text: string, start: number, number: number, scan: Scan): LineKind {
  if (scan.comment) {
    scan.comment = !text.includes("-->");
    return { type: "comment" };
  }
  const fence = FENCE.exec(text);
  if (scan.fence !== undefined) return closeFence(fence, scan);
  if (fence?.[1] !== undefined) {
    scan.fence = fence[1];
    scan.openedAt = number;
    return { type: "fence", opens: true, info: (fence[2] ?? "").trim() };
  }
  if (/^ {0,3}<!--/.test(text)) {
    scan.comment = !text.includes("-->");
    scan.openedAt = number;
    return { type: "comment" };
  }
  return classifyProse(text, start);
}

function closeFence(fence: RegExpExecArray | null, scan: Scan): LineKind {
  const closes = fence?.[1]?.startsWith(scan.fence ?? "") === true && fence[2]?.trim() === "";
  if (!closes) return { type: "code" };
  delete scan.fence;
  return { type: "fence", opens: false, info: "" };
}

function classifyProse(text: string, start: number): LineKind {
  if (text.trim() === "") return { type: "blank" };
  const heading = HEADING.exec(text);
  if (heading?.[1] !== undefined) return parseHeading(text, start, heading[0].length, heading[1].length);
  const item = ITEM.exec(text);
  if (item?.[1] === undefined || isRule(text)) return { type: "text" };
  return parseItem(item[2] ?? "", start + item[1].length);
}

/** A line of nothing but three or more dashes, stars or underscores. */
function isRule(text: string): boolean {
  const marks = text.replaceAll(/\s/g, "");
  return marks.length >= 3 && "-*_".includes(marks.charAt(0)) && new Set(marks).size === 1;
}

function parseHeading(text: string, start: number, marker: number, level: number): LineKind {
  const rest = text.slice(marker);
  const title = rest.replace(/[ \t]#+[ \t]*$/, "").trim();
  return { type: "heading", level, title, titleStart: start + marker + rest.length - rest.trimStart().length };
}

function parseItem(content: string, start: number): LineKind {
  const box = BOX.exec(content);
  if (box === null) return { type: "item", text: content };
  const mark = box[1] ?? "";
  const span = { start: start + 1, end: start + 1 + mark.length };
  return { type: "item", text: content.slice(box[0].length), box: { mark, span } };
}

function columnsBefore(text: string): number {
  let columns = 0;
  for (const character of text) {
    if (character === "\t") columns += 4 - (columns % 4);
    else if (character === " ") columns += 1;
    else break;
  }
  return columns;
}

/**
 * True for a ticked box, false for an empty one.
 * @throws CloisterError for any other mark: a task that nobody does, and nobody misses, otherwise.
 */
export function isTicked(source: SourceText, line: MarkdownLine, { mark }: Box): boolean {
  if (mark === " " || mark === "\t") return false;
  if (mark.toLowerCase() === "x") return true;
  const message = `expected \`[ ]\` or \`[x]\`, found \`[${mark}]\`.`;
  throw sourceError(source, line.number, { message, remedy: "Tick the box, empty it, or take the line out." });
}

/** The text of lines as they stand, without comments, common indentation, and blank lines around or in a row. */
export function proseOf(lines: readonly MarkdownLine[]): string {
  const kept = lines.filter(({ kind }) => kind.type !== "comment");
  const margin = kept.reduce(
    (least, line) => (line.kind.type === "blank" ? least : Math.min(least, line.indent)),
    1000,
  );
  const texts = kept.filter(({ kind }, index) => kind.type !== "blank" || kept[index - 1]?.kind.type !== "blank");
  return texts
    .map(({ text, kind }) => (kind.type === "blank" ? "" : dedent(text, margin)))
    .slice(
      texts[0]?.kind.type === "blank" ? 1 : 0,
      texts.length > 1 && texts.at(-1)?.kind.type === "blank" ? -1 : undefined,
    )
    .join("\n");
}

function dedent(text: string, margin: number): string {
  let columns = 0;
  let index = 0;
  while (columns < margin && (text[index] === " " || text[index] === "\t")) {
    columns += text[index] === "\t" ? 4 - (columns % 4) : 1;
    index += 1;
  }
  return text.slice(index);
}
