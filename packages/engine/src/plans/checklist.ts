/** Tasks that are checkboxes of a Markdown list: `IMPLEMENTATION_PLAN.md`, `fix_plan.md` and their like. */
import type { SourceText } from "../config/source-text.ts";
import { isTicked, type Box, type MarkdownLine, proseOf } from "./markdown-lines.ts";
import { draftOf, type Outline } from "./outline.ts";
import type { PlanDraft, TaskDraft } from "./plan-draft.ts";
import { boundTitle, splitId } from "./titles.ts";

/** How much further than an item a line must be indented to belong to it. */
const STEP = 2;
/** From here on, a line outside any list is a code block. */
const CODE_INDENT = 4;

type Group = {
  readonly line: MarkdownLine;
  readonly box: Box;
  readonly text: string;
  /** Headings above, from the outermost. */
  readonly section: readonly string[];
  readonly lines: MarkdownLine[];
};

type OpenItem = { readonly indent: number; readonly isTask: boolean };

/** Goes through the lines once, and gives each to the task that it belongs to, or to none. */
class ChecklistReader {
  readonly groups: Group[] = [];
  readonly rest: MarkdownLine[] = [];
  readonly #titleLine: MarkdownLine | undefined;
  #sections: { readonly level: number; readonly title: string }[] = [];
  #items: OpenItem[] = [];
  #current: Group | undefined;
  #afterBlank = false;
  #fenceInside = false;

  constructor(titleLine: MarkdownLine | undefined) {
    this.#titleLine = titleLine;
  }

  read(line: MarkdownLine): void {
    const { kind } = line;
    if (kind.type === "heading") this.#readHeading(line, kind.level, kind.title);
    else if (kind.type === "item") this.#readItem(line, kind.text, kind.box);
    else this.#readOther(line);
    this.#afterBlank = kind.type === "blank";
  }

  #readHeading(line: MarkdownLine, level: number, title: string): void {
    this.#leaveList();
    this.rest.push(line);
    if (line === this.#titleLine) return;
    this.#sections = [...this.#sections.filter((section) => section.level < level), { level, title }];
  }

  #readItem(line: MarkdownLine, text: string, box: Box | undefined): void {
    if (this.#items.length === 0 && line.indent >= CODE_INDENT) return this.#readOther(line);
    this.#items = this.#items.filter(({ indent }) => line.indent >= indent + STEP);
    const nested = this.#items.some(({ isTask }) => isTask);
    this.#items.push({ indent: line.indent, isTask: box !== undefined });
    if (nested) return this.#keep(line);
    this.#current = undefined;
    if (box === undefined) return this.#keep(line);
    this.#current = { line, box, text, section: this.#sections.map(({ title }) => title), lines: [] };
    this.groups.push(this.#current);
  }

  #readOther(line: MarkdownLine): void {
    const { kind } = line;
    const inside = this.#belongs(line);
    if (kind.type === "fence") this.#fenceInside = kind.opens && inside;
    if (!inside) this.#leaveList();
    this.#keep(line);
  }

  /** Indented lines belong to the item above; so do blank ones, and text that goes on right below it. */
  #belongs({ kind, indent }: MarkdownLine): boolean {
    if (kind.type === "blank" || kind.type === "comment") return true;
    if (kind.type === "code" || (kind.type === "fence" && !kind.opens)) return this.#fenceInside;
    const margin = this.#items[0]?.indent;
    if (margin === undefined) return false;
    return indent >= margin + STEP || (kind.type === "text" && !this.#afterBlank);
  }

  #leaveList(): void {
    this.#items = [];
    this.#current = undefined;
  }

  #keep(line: MarkdownLine): void {
    (this.#current?.lines ?? this.rest).push(line);
  }
}

/**
 * Reads a plan whose tasks are checkboxes: each that is not nested in another one.
 * @throws CloisterError for boxes with another mark than a space or an `x`, and without a text.
 */
export function readChecklist(outline: Outline): PlanDraft {
  const reader = new ChecklistReader(outline.titleLine);
  for (const line of outline.lines) reader.read(line);
  const tasks = reader.groups.map((group) => readTask(outline.source, group));
  return { ...draftOf(outline, reader.rest), format: "checklist", tasks };
}

function readTask(source: SourceText, { line, box, text, section, lines }: Group): TaskDraft {
  const done = isTicked(source, line, box);
  const { title: whole, id } = splitId(source, line.number, text);
  const title = boundTitle(whole);
  const parts = [
    section.length === 0 ? "" : `In the plan's section: ${section.join(" / ")}`,
    title === whole ? "" : whole,
  ];
  return {
    ...(id === undefined ? {} : { id }),
    title,
    body: [...parts, proseOf(lines)].filter((part) => part !== "").join("\n\n"),
    metadata: {},
    done,
    lineOf: () => line.number,
    tick: () => [{ ...box.span, text: "x" }],
  };
}

/** True where a Markdown text is a checklist: it has a checkbox that is a task. */
export function hasChecklist(outline: Outline): boolean {
  const reader = new ChecklistReader(outline.titleLine);
  return outline.lines.some((line) => {
    reader.read(line);
    return reader.groups.length > 0;
  });
}
