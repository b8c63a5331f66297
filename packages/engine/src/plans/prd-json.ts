/** `prd.json`: user stories with a `passes` flag, as several tools share them. */
import { parseJson } from "../config/json-document.ts";
import type { KeyPath, Located } from "../config/located.ts";
import type { SourceText } from "../config/source-text.ts";
import { validate } from "../config/validate.ts";
import { titleOfFile } from "./outline.ts";
import type { Edit, PlanDraft, TaskDraft } from "./plan-draft.ts";
import { prd, prdList, type Prd, type Story } from "./schema.ts";
import { boundTitle } from "./titles.ts";

/**
 * Reads a `prd.json`, or the bare list of stories that some tools write. Tasks come in the order of their priority.
 * @throws CloisterError with the line where it is not JSON, or not stories.
 */
export function readPrd(source: SourceText): PlanDraft {
  const located = parseJson(source);
  const bare = Array.isArray(located.value);
  const plan: Prd = bare ? { userStories: validate(prdList, located) } : validate(prd, located);
  const stories = plan.userStories.map((story, index) => ({ story, path: bare ? [index] : ["userStories", index] }));
  // JSON has no Infinity: those without a priority are the last ones; `sort` is stable, so that equals keep their order.
  const ordered = stories.sort((left, right) => comparePriority(left.story, right.story));
  const title = boundTitle(plan.title ?? plan.project ?? plan.description ?? "");
  return {
    format: "prd-json",
    title: title === "" ? titleOfFile(source.file) : title,
    context: plan.description?.trim() ?? "",
    header: plan,
    sectionGates: [],
    lineOf: located.lineOf,
    tasks: ordered.map(({ story, path }) => toTask(located, story, path)),
  };
}

function comparePriority(left: Story, right: Story): number {
  return left.priority === right.priority ? 0 : left.priority - right.priority;
}

function toTask(located: Located, story: Story, path: KeyPath): TaskDraft {
  const { id, passes, dependsOn, dependencies, gates, phases, limits, allowEmptyDiff } = story;
  const named = dependsOn === undefined && dependencies !== undefined ? "dependencies" : "dependsOn";
  return {
    ...(id === undefined ? {} : { id }),
    title: boundTitle(story.title ?? story.description ?? ""),
    body: describeStory(story),
    metadata: { dependsOn: dependsOn ?? dependencies, gates, phases, limits, allowEmptyDiff },
    done: passes,
    lineOf: ([key, ...rest]) =>
      located.lineOf([...path, ...(key === undefined ? [] : [key === "dependsOn" ? named : key]), ...rest]),
    tick: () => tickEdits(located, path),
  };
}

function describeStory({ title, description = "", acceptanceCriteria = [], steps = [], notes = "" }: Story): string {
  const list = (items: readonly string[]): string => items.map((item) => `- ${item}`).join("\n");
  const whole = title === undefined || title === boundTitle(title) ? "" : title;
  return [
    whole,
    description.trim(),
    acceptanceCriteria.length === 0 ? "" : `Acceptance criteria:\n\n${list(acceptanceCriteria)}`,
    steps.length === 0 ? "" : `Steps:\n\n${list(steps)}`,
    notes.trim() === "" ? "" : `Notes: ${notes.trim()}`,
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

/** Turns `passes` to true; a story without one gets it as its first field, laid out like the field that was first. */
function tickEdits(located: Located, path: KeyPath): Edit[] {
  const passes = located.spanOf([...path, "passes"]);
  if (passes !== undefined) return [{ ...passes, text: "true" }];
  const story = located.spanOf(path);
  if (story === undefined) return [];
  const layout = /^\{(\s*)/.exec(located.source.text.slice(story.start, story.end))?.[1] ?? "";
  return [
    { start: story.start + 1, end: story.start + 1, text: `${layout}"passes": true,${layout === "" ? " " : ""}` },
  ];
}
