/** Any other text: one task, which is all of it. */
import type { SourceText } from "../config/source-text.ts";
import type { PlanDraft } from "./plan-draft.ts";
import { draftOf, titleOfFile, type Outline } from "./outline.ts";
import { boundTitle } from "./titles.ts";

/** The id of a prompt's only task. */
export const PROMPT_TASK = "prompt";

/** Reads a Markdown text without tasks as one task. Its front matter and gate sections still count. */
export function readPrompt(outline: Outline): PlanDraft {
  const { source, front } = outline;
  const draft = draftOf(outline, []);
  const body = source.text.slice(front.end).trim();
  const first = outline.lines.find(({ kind }) => kind.type !== "blank" && kind.type !== "comment");
  const line = first?.kind.type === "heading" ? first.kind.title : (first?.text ?? "");
  const title = outline.titleLine === undefined && front.header.title === undefined ? boundTitle(line) : draft.title;
  return { ...draft, title, format: "prompt", tasks: body === "" ? [] : [promptTask(title, body)] };
}

/** A prompt that was given on the command line: nothing in it is read as anything but text. */
export function draftOfPrompt(source: SourceText): PlanDraft {
  const body = source.text.trim();
  const title = boundTitle((body.split(/[\r\n]/, 1)[0] ?? "").replace(/^#{1,6}\s+/, "")) || titleOfFile(undefined);
  const tasks = body === "" ? [] : [promptTask(title, body)];
  return { format: "prompt", title, context: "", header: {}, sectionGates: [], lineOf: () => 1, tasks };
}

function promptTask(title: string, body: string): PlanDraft["tasks"][number] {
  return { id: PROMPT_TASK, title, body, metadata: {}, done: false, lineOf: () => 1, tick: () => [] };
}
