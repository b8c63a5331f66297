/** Tasks that are headings: `## Task: Title` (format `cloister`) and `### Task 1: Title` (format `sections`). */
import { parseYaml, type Located } from "../config/located.ts";
import { sourceError, type SourceText } from "../config/source-text.ts";
import { validate } from "../config/validate.ts";
import { isTicked, type Box, type MarkdownLine, proseOf } from "./markdown-lines.ts";
import { draftOf, type Outline } from "./outline.ts";
import type { Edit, PlanDraft, TaskDraft, TaskMetadata } from "./plan-draft.ts";
import { taskMetadata } from "./schema.ts";
import { splitId } from "./titles.ts";

const HEADING = /^(?:\[([^\]]?)\]\s+)?((?:Task|Iteration)(?::|\s+(\d+(?:\.\d+)*)(?![\w.])\s*[:.)–—-]?))(.*)$/i;

/** A heading that begins a task. */
type TaskHeading = {
  readonly line: MarkdownLine;
  readonly level: number;
  readonly box: Box | undefined;
  /** Offset of the word `Task`. */
  readonly labelStart: number;
  /** As in `Task 3`; undefined for `Task:`. */
  readonly number: string | undefined;
  readonly title: string;
};

/** The heading's task, or undefined for any other line. */
export function toTaskHeading(line: MarkdownLine): TaskHeading | undefined {
  if (line.kind.type !== "heading") return undefined;
  const { level, title, titleStart } = line.kind;
  const match = HEADING.exec(title);
  if (match === null) return undefined;
  const [, mark, label = "", number, rest = ""] = match;
  const box =
    mark === undefined ? undefined : { mark, span: { start: titleStart + 1, end: titleStart + 1 + mark.length } };
  const labelStart = titleStart + title.length - rest.length - label.length;
  return { line, level, box, labelStart, number, title: rest.trim() };
}

/**
 * Reads a plan whose tasks are headings.
 * @throws CloisterError where tasks are nested, numbered in part, or badly described.
 */
export function readHeadingTasks(outline: Outline): PlanDraft {
  const { groups, rest } = groupLines(outline);
  const format = groups[0]?.heading.number === undefined ? "cloister" : "sections";
  const tasks = groups.map(({ heading, lines }) => readTask(outline.source, heading, lines));
  return { ...draftOf(outline, rest), format, tasks };
}

type Group = { readonly heading: TaskHeading; readonly lines: MarkdownLine[] };

/** Gives each line to the task above it. A heading of the task's level, or above it, ends the task. */
function groupLines({ source, lines }: Outline): { readonly groups: readonly Group[]; readonly rest: MarkdownLine[] } {
  const rest: MarkdownLine[] = [];
  const groups: Group[] = [];
  let open: Group | undefined;
  for (const line of lines) {
    const heading = toTaskHeading(line);
    if (heading !== undefined) {
      assertSibling(source, heading, open?.heading, groups[0]?.heading);
      open = { heading, lines: [] };
      groups.push(open);
      continue;
    }
    if (open !== undefined && line.kind.type === "heading" && line.kind.level <= open.heading.level) open = undefined;
    (open?.lines ?? rest).push(line);
  }
  return { groups, rest };
}

function assertSibling(
  source: SourceText,
  heading: TaskHeading,
  around: TaskHeading | undefined,
  first: TaskHeading | undefined,
): void {
  if (around !== undefined && heading.level > around.level) {
    const message = `expected text of the task on line ${around.line.number}, found a task within it.`;
    throw sourceError(source, heading.line.number, { message, remedy: "Give both headings the same level." });
  }
  if (first !== undefined && (first.number === undefined) !== (heading.number === undefined)) {
    const [like, unlike] = first.number === undefined ? ["without", "with"] : ["with", "without"];
    const message = `expected a task ${like} a number like the first one, found one ${unlike}.`;
    throw sourceError(source, heading.line.number, { message, remedy: "Number all tasks, or none." });
  }
}

function readTask(source: SourceText, heading: TaskHeading, lines: readonly MarkdownLine[]): TaskDraft {
  const { line, number } = heading;
  const block = readMetadata(source, lines);
  const boxes = number === undefined ? [] : boxesOf(source, block.below);
  return {
    ...nameOf(source, heading),
    body: proseOf(block.below),
    metadata: block.metadata,
    done: statusOf(source, heading, block) ?? (boxes.length > 0 && boxes.every(({ ticked }) => ticked)),
    lineOf: (path) => (path.length === 0 || path[0] === "id" ? undefined : block.located?.lineOf(path)) ?? line.number,
    tick: () => tickEdits(heading, block.located, openOnes(boxes)),
  };
}

function nameOf(
  source: SourceText,
  { line, number, title }: TaskHeading,
): { readonly title: string; readonly id?: string } {
  if (number === undefined) return splitId(source, line.number, title);
  return { id: `task-${number}`, ...splitId(source, line.number, title === "" ? `Task ${number}` : title) };
}

/** What the box in the heading or the status says; undefined where there is neither. */
function statusOf(
  source: SourceText,
  { line, box }: TaskHeading,
  { metadata, located }: Metadata,
): boolean | undefined {
  const ticked = box === undefined ? undefined : isTicked(source, line, box);
  const done = metadata.status === undefined ? undefined : metadata.status === "done";
  if (ticked === undefined || done === undefined || ticked === done) return ticked ?? done;
  const message = `expected a status that agrees with the box on line ${line.number}, found \`${metadata.status}\`.`;
  throw sourceError(source, located?.lineOf(["status"]) ?? line.number, { message, remedy: "Keep one of the two." });
}

type TaskBox = Box & { readonly ticked: boolean };

function boxesOf(source: SourceText, lines: readonly MarkdownLine[]): TaskBox[] {
  return lines.flatMap((line) => {
    const box = line.kind.type === "item" ? line.kind.box : undefined;
    return box === undefined ? [] : [{ ...box, ticked: isTicked(source, line, box) }];
  });
}

function openOnes(boxes: readonly TaskBox[]): TaskBox[] {
  return boxes.filter(({ ticked }) => !ticked);
}

/** Ticks the open boxes; where the task's own box or status decides, changes that; where there is nothing to tick, adds a box. */
function tickEdits({ box, labelStart }: TaskHeading, located: Located | undefined, open: readonly Box[]): Edit[] {
  const edits = open.map(({ span }) => ({ ...span, text: "x" }));
  if (box !== undefined) return [{ ...box.span, text: "x" }, ...edits];
  const status = located?.spanOf(["status"]);
  if (status !== undefined) return [{ ...status, text: "done" }, ...edits];
  return edits.length > 0 ? edits : [{ start: labelStart, end: labelStart, text: "[x] " }];
}

type Metadata = {
  readonly metadata: TaskMetadata;
  readonly located?: Located;
  readonly below: readonly MarkdownLine[];
};

/** Reads the block of YAML that is the first thing below a task's heading, where there is one. */
function readMetadata(source: SourceText, lines: readonly MarkdownLine[]): Metadata {
  const start = lines.findIndex(({ kind }) => kind.type !== "blank" && kind.type !== "comment");
  const opening = lines[start];
  if (opening?.kind.type !== "fence" || !/^ya?ml$/i.test(opening.kind.info)) return { metadata: {}, below: lines };
  const length = lines.slice(start + 1).findIndex(({ kind }) => kind.type === "fence");
  const closing = lines[start + 1 + length];
  const located = parseYaml(source, { start: opening.end, end: closing?.start ?? opening.end });
  const metadata = located.value === null ? {} : validate(taskMetadata, located);
  return { metadata, located, below: lines.slice(start + 2 + length) };
}
