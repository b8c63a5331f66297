/** What all Markdown formats share: front matter, the title, gate sections, and prose that belongs to no task. */
import { basename, extname } from "node:path";
import type { SourceText } from "../config/source-text.ts";
import { type FrontMatter, readFrontMatter } from "./front-matter.ts";
import { type MarkdownLine, proseOf, scanMarkdown } from "./markdown-lines.ts";
import type { DraftGate, PlanDraft } from "./plan-draft.ts";
import { readGateSections } from "./section-gates.ts";
import { boundTitle } from "./titles.ts";

/** A Markdown text, taken apart. */
export type Outline = {
  readonly source: SourceText;
  readonly front: FrontMatter;
  /** Every line below the front matter that is no gate. */
  readonly lines: readonly MarkdownLine[];
  readonly gates: readonly DraftGate[];
  /** The heading that names the plan: the first one, where it is of level 1. */
  readonly titleLine: MarkdownLine | undefined;
};

/**
 * Takes a Markdown text apart.
 * @throws CloisterError for front matter and gate sections that are not well formed.
 */
export function readOutline(source: SourceText): Outline {
  const front = readFrontMatter(source);
  const all = scanMarkdown(source, front.end);
  const { gates, lines: gateLines } = readGateSections(source, all);
  const lines = all.filter((line) => !gateLines.has(line));
  const first = lines.find(({ kind }) => kind.type === "heading");
  const titleLine =
    first?.kind.type === "heading" && first.kind.level === 1 && first.kind.title !== "" ? first : undefined;
  return { source, front, lines, gates, titleLine };
}

/** The parts of a plan that do not depend on how its tasks are written. `rest` is what belongs to no task. */
export function draftOf(outline: Outline, rest: readonly MarkdownLine[]): Omit<PlanDraft, "format" | "tasks"> {
  const { front, gates, titleLine } = outline;
  const heading = titleLine?.kind.type === "heading" ? titleLine.kind.title : undefined;
  return {
    title: boundTitle(front.header.title ?? heading ?? titleOfFile(outline.source.file)),
    context: proseOf(withoutEmptySections(rest.filter((line) => line !== titleLine))),
    header: front.header,
    sectionGates: gates,
    lineOf: (path) => front.located?.lineOf(path) ?? 1,
  };
}

/** What a plan is called that does not say so itself. */
export function titleOfFile(file: string | undefined): string {
  const name = file === undefined ? "" : basename(file, extname(file));
  return name === "" ? "Plan" : name;
}

/** Drops headings with nothing but dropped headings below them: what is left where tasks were taken out. */
function withoutEmptySections(lines: readonly MarkdownLine[]): MarkdownLine[] {
  const kept: MarkdownLine[] = [];
  let hasText = false;
  let levelBelow = 0;
  for (const line of lines.toReversed()) {
    const { kind } = line;
    if (kind.type === "heading") {
      if (!hasText && levelBelow <= kind.level) continue;
      hasText = false;
      levelBelow = kind.level;
    } else if (kind.type !== "blank" && kind.type !== "comment" && line.text.trim() !== "---") {
      hasText = true;
    }
    kept.push(line);
  }
  return kept.reverse();
}
