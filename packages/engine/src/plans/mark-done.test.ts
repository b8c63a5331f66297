import { deepEqual, equal, notEqual, throws } from "node:assert/strict";
import { describe, test } from "node:test";
import { taskId, type Plan } from "@cloister/core";
import * as fc from "fast-check";
import { markDone, readPlan } from "./index.ts";

type Case = {
  readonly why: string;
  readonly path?: string;
  readonly text: string;
  readonly id: string;
  readonly becomes: string;
};

const CASES: readonly Case[] = [
  { why: "ticks an item's box", text: "- [ ] A\n- [ ] B\n", id: "b", becomes: "- [ ] A\n- [x] B\n" },
  { why: "leaves nested boxes", text: "* [ ] A\n\t* [ ] B\n", id: "a", becomes: "* [x] A\n\t* [ ] B\n" },
  {
    why: "keeps CRLF and the byte order mark",
    text: "\uFEFF1. [ ] A\r\n\r\n2. [ ] B\r\n",
    id: "b",
    becomes: "\uFEFF1. [ ] A\r\n\r\n2. [x] B\r\n",
  },
  {
    why: "puts a box before a task without one",
    text: "##  Task:  A  ##\nx",
    id: "a",
    becomes: "##  [x] Task:  A  ##\nx",
  },
  { why: "ticks the box in a heading", text: "## [ ] Task: A {#i}\n", id: "i", becomes: "## [x] Task: A {#i}\n" },
  {
    why: "changes a status",
    text: "## Task: A\n\n```yaml\nstatus: open # yet\n```\n",
    id: "a",
    becomes: "## Task: A\n\n```yaml\nstatus: done # yet\n```\n",
  },
  {
    why: "leaves the boxes in a task's text",
    text: "## Task: A\n\n- [ ] b\n",
    id: "a",
    becomes: "## [x] Task: A\n\n- [ ] b\n",
  },
  {
    why: "ticks all boxes of a numbered task",
    text: "### Task 1: A\n- [x] b\n  - [ ] c\n- [ ] d\n\n### Task 2: B\n- [ ] e\n",
    id: "task-1",
    becomes: "### Task 1: A\n- [x] b\n  - [x] c\n- [x] d\n\n### Task 2: B\n- [ ] e\n",
  },
  {
    why: "puts a box before a numbered task without any",
    text: "### Task 1\nx\n",
    id: "task-1",
    becomes: "### [x] Task 1\nx\n",
  },
  {
    why: "leaves boxes in code",
    text: "```\n- [ ] A\n```\n- [ ] A\n",
    id: "a",
    becomes: "```\n- [ ] A\n```\n- [x] A\n",
  },
  {
    why: "turns passes to true",
    path: "prd.json",
    text: '{"x":1.0,"userStories":[{"id":7,"title":"a","passes" : false,"y":[ ]}]}\r\n',
    id: "7",
    becomes: '{"x":1.0,"userStories":[{"id":7,"title":"a","passes" : true,"y":[ ]}]}\r\n',
  },
  {
    why: "adds passes where a story has none",
    path: "prd.json",
    text: '[\n\t{\n\t\t"title": "a"\n\t}\n]',
    id: "a",
    becomes: '[\n\t{\n\t\t"passes": true,\n\t\t"title": "a"\n\t}\n]',
  },
  {
    why: "adds passes on one line",
    path: "prd.json",
    text: '[{"title": "a"}]',
    id: "a",
    becomes: '[{"passes": true, "title": "a"}]',
  },
  { why: "leaves a prompt as it is", text: "Do it.", id: "prompt", becomes: "Do it." },
];

describe("marking a task done", () => {
  for (const { why, path = "plan.md", text, id, becomes } of CASES) {
    test(why, () => {
      const once = markDone({ path, text, taskId: taskId(id) });
      equal(once, becomes);
      equal(markDone({ path, text: once, taskId: taskId(id) }), becomes, "a second time changes nothing");
    });
  }

  test("refuses a task that the plan does not have", () => {
    throws(() => markDone({ path: "p.md", text: "- [ ] A", taskId: taskId("b") }), {
      code: "plan_invalid",
      file: "p.md",
    });
  });
});

/** Lines that tasks, text and traps are made of. */
const prose = fc.constantFrom(
  "",
  "Some prose.",
  "- a bullet",
  "> - [ ] quoted",
  "`- [ ] code`",
  "## Notes",
  "\tindented",
  "---",
);
const nested = fc.constantFrom("  - [ ] nested", "\t- [x] nested", "  more of it", "    deep", "");
const mark = fc.constantFrom(" ", "x", "X");
const word = fc.stringMatching(/^[A-Za-zäß][\wäß ]{0,12}$/);

const checklist = fc
  .array(fc.oneof(fc.tuple(mark, word, fc.array(nested, { maxLength: 3 })), prose), { minLength: 1, maxLength: 12 })
  .map((parts) =>
    parts.flatMap((part) => (typeof part === "string" ? [part] : [`- [${part[0]}] ${part[1]}`, ...part[2]])),
  );

const headings = (label: (index: number) => string): fc.Arbitrary<string[]> =>
  fc
    .array(fc.tuple(fc.constantFrom("", "[ ] ", "[x] "), word, fc.array(fc.oneof(nested, prose), { maxLength: 4 })), {
      minLength: 1,
      maxLength: 6,
    })
    .map((tasks) => tasks.flatMap(([box, title, body], index) => [`## ${box}${label(index)}: ${title}`, ...body]));

const markdown = fc
  .tuple(
    fc.oneof(
      checklist,
      headings(() => "Task"),
      headings((index) => `Task ${index + 1}`),
    ),
    fc.constantFrom("\n", "\r\n"),
    fc.constantFrom("", "\uFEFF"),
    fc.boolean(),
  )
  .map(([lines, end, start, closed]) => ({
    path: "plan.md",
    text: `${start}# P${end}${lines.join(end)}` + (closed ? end : ""),
  }));

const prd = fc
  .tuple(
    fc.array(
      fc.record(
        { title: word, passes: fc.boolean(), priority: fc.integer(), other: fc.jsonValue() },
        { requiredKeys: ["title"] },
      ),
      {
        minLength: 1,
        maxLength: 6,
      },
    ),
    fc.constantFrom(undefined, 2, "\t"),
    fc.boolean(),
  )
  .map(([stories, indent, bare]) => ({
    path: "prd.json",
    text: JSON.stringify(bare ? stories : { name: "x", userStories: stories }, undefined, indent),
  }));

/** The plan with one task done. Of numbered tasks the boxes are in the body: they are compared as if all were empty. */
function withDone(plan: Plan, id: string): Plan {
  const emptied = (body: string): string => (plan.format === "sections" ? body.replaceAll(/\[[xX]\]/g, "[ ]") : body);
  const tasks = plan.tasks.map((task) => ({ ...task, body: emptied(task.body), done: task.done || task.id === id }));
  return { ...plan, tasks };
}

test("reading a plan in which a task was marked gives the same plan, but for that task being done", () => {
  let marked = 0;
  fc.assert(
    fc.property(fc.oneof(markdown, prd), fc.nat(), (example, pick) => {
      fc.pre(example.text.trim().length > 1);
      const plan = readPlan(example);
      const id = plan.tasks[pick % plan.tasks.length]?.id ?? taskId("");
      const text = markDone({ ...example, taskId: id });
      equal(markDone({ ...example, text, taskId: id }), text);
      if (plan.format === "prompt") return equal(text, example.text);
      marked += text === example.text ? 0 : 1;
      deepEqual(withDone(readPlan({ ...example, text }), ""), withDone(plan, id));
    }),
    { numRuns: 400 },
  );
  notEqual(marked, 0);
});
