import { deepEqual } from "node:assert/strict";
import { describe, test } from "node:test";
import { CloisterError } from "@cloister/core";
import { promptPlan, readPlan } from "./index.ts";

type Broken = {
  readonly why: string;
  readonly path?: string;
  readonly text: string;
  readonly line: number;
  readonly says: string;
};

const story = (fields: string): string => `{\n  "userStories": [\n    { "title": "a", ${fields} }\n  ]\n}`;
const front = (lines: string): string => `---\ntitle: x\n${lines}\n---\n\nDo it.\n`;
const task = (lines: string): string =>
  `# P\n\n## Task: A {#a}\n\n\`\`\`yaml\n${lines}\n\`\`\`\n\nBody.\n\n## Task: B {#b}\n`;

const BROKEN: readonly Broken[] = [
  { why: "an empty file", text: "", line: 1, says: "expected a plan, found an empty text." },
  { why: "white space alone", text: "\uFEFF \n\t\r\n", line: 1, says: "expected a plan, found an empty text." },
  { why: "a NUL character", text: "# A\n\n- [ ] b\0c", line: 3, says: "expected text, found a NUL character." },
  { why: "front matter alone", text: "---\ntitle: x\n---\n", line: 1, says: "expected at least one task, found none." },
  { why: "front matter without an end", text: "---\ntitle: x\n\nDo it.", line: 1, says: "to end with a line of `---`" },
  {
    why: "front matter that is a text",
    text: "---\nhello\n---\nx",
    line: 2,
    says: 'expected keys with values, found "hello".',
  },
  { why: "front matter that is no YAML", text: front("gates: [a"), line: 4, says: "expected YAML, found an error" },
  { why: "a key twice", text: front("title: y"), line: 3, says: "expected each key once, found `title` twice." },
  { why: "an alias to nothing", text: front("setup: *nothing"), line: 3, says: "expected a value, found an alias." },
  { why: "an unknown key", text: front("limits: {}\ngate: npm test"), line: 4, says: "gate: unknown key." },
  {
    why: "a key that is nearly right",
    text: front("limits:\n  max-iterations: 3"),
    line: 4,
    says: "Did you mean `maxIterations`?",
  },
  {
    why: "a bad duration",
    text: front("limits:\n  maxRuntime: soon"),
    line: 4,
    says: 'limits.maxRuntime: expected a duration such as 90s, 15m or 1h30m, longer than 0 and at most 24d, found "soon".',
  },
  { why: "a duration of nothing", text: front("limits:\n  idleTimeout: 0s"), line: 4, says: 'found "0s".' },
  {
    why: "a duration that no timer can wait",
    text: front("limits: { iterationTimeout: 30d }"),
    line: 3,
    says: "at most 24d",
  },
  { why: "a negative amount", text: front("limits: { maxCost: -3 }"), line: 3, says: "expected US dollars" },
  { why: "another currency", text: front("limits: { maxCost: 3€ }"), line: 3, says: 'found "3€".' },
  {
    why: "half an iteration",
    text: front("limits: { maxIterations: 1.5 }"),
    line: 3,
    says: "expected a whole number from 1 on, found 1.5.",
  },
  { why: "no iteration", text: front("limits: { maxIterations: 0 }"), line: 3, says: "found 0." },
  {
    why: "an unknown finding",
    text: front("guards:\n  test_deleted: warn"),
    line: 4,
    says: "guards.test_deleted: unknown key.",
  },
  {
    why: "an unknown action",
    text: front("guards:\n  test_flaky: wran"),
    line: 4,
    says: 'expected block, warn, off (did you mean `warn`?), found "wran".',
  },
  {
    why: "an empty gate",
    text: front('gates:\n  a: npm test\n  b: " "'),
    line: 5,
    says: "gates.b: expected a shell command",
  },
  {
    why: "a gate without a command",
    text: front("gates:\n  a:\n    timeout: 5m"),
    line: 4,
    says: "gates.a.command: expected a shell command",
  },
  { why: "a gate that is a number", text: front("gates:\n  a: 3"), line: 4, says: "gates.a: expected a shell command" },
  {
    why: "an unknown option of a gate",
    text: front("gates:\n  a:\n    command: x\n    timout: 5m"),
    line: 6,
    says: "Did you mean `timeout`?",
  },
  {
    why: "gates that are a text",
    text: front("gates: npm test"),
    line: 3,
    says: "expected gates: a map of names to commands",
  },
  {
    why: "a gate's name that flags could not give",
    text: front("gates:\n  a=b: x"),
    line: 4,
    says: "expected a gate's name",
  },
  {
    why: "a gate's name twice",
    text: front("gates:\n  - name: a\n    command: x\n  - name: a\n    command: y"),
    line: 6,
    says: "found `a` twice.",
  },
  {
    why: "a gate's name twice, in two places",
    text: `${front("gates: { a: x }")}\n## Gates\n\n- a: \`y\`\n`,
    line: 10,
    says: "found `a` twice.",
  },
  { why: "an unknown phase", text: front("phases: [analyze]"), line: 3, says: "did you mean `analyse`?" },
  {
    why: "a protected path outside",
    text: front("protect:\n  - src/**\n  - ../x"),
    line: 5,
    says: "relative to the repository's root",
  },
  {
    why: "a protected path from the root",
    text: front("protect: [/etc/passwd]"),
    line: 3,
    says: "relative to the repository's root",
  },
  {
    why: "a number as set-up",
    text: front("setup: 3"),
    line: 3,
    says: "expected a shell command, or a list of them, found 3.",
  },

  {
    why: "a dependency on no task",
    text: task("dependsOn:\n  - b\n  - c"),
    line: 8,
    says: "expected the id of another task to depend on, found `c`.",
  },
  { why: "a dependency on itself", text: task("dependsOn: a"), line: 6, says: "found its own." },
  {
    why: "a cycle",
    text: `${task("dependsOn: b")}\n\`\`\`yaml\ndependsOn: a\n\`\`\`\n`,
    line: 6,
    says: "found a → b → a.",
  },
  { why: "an id twice", text: "## Task: A {#a}\n\n## Task: B {#a}\n", line: 3, says: "found `a` twice." },
  { why: "an id with a space", text: "# P\n\n## Task: A {#a b}\n", line: 3, says: "found `a b`." },
  { why: "an id that leaves its folder", text: "- [ ] A {#../x}\n", line: 1, says: "found `../x`." },
  {
    why: "a task without a title",
    text: "# P\n\n## Task: {#a}\n",
    line: 3,
    says: "expected the task's title, found nothing.",
  },
  { why: "a task within a task", text: "## Task: A\n\n### Task: B\n", line: 3, says: "found a task within it." },
  {
    why: "tasks with and without numbers",
    text: "## Task: A\n\n## Task 1: B\n",
    line: 3,
    says: "expected a task without a number",
  },
  { why: "an unknown key of a task", text: task("depends: b"), line: 6, says: "depends: unknown key." },
  {
    why: "an unknown status",
    text: task("status: finished"),
    line: 6,
    says: 'status: expected open, done, found "finished".',
  },
  {
    why: "a status against its box",
    text: "## [x] Task: A\n\n```yaml\nstatus: open\n```\n",
    line: 4,
    says: "expected a status that agrees with the box on line 1",
  },
  {
    why: "a task's gate named like the plan's",
    text: `${front("gates: { a: x }")}\n## Task: T\n\n\`\`\`yaml\ngates: { a: y }\n\`\`\`\n`,
    line: 11,
    says: "found `a` twice.",
  },
  {
    why: "a code block without an end",
    text: "- [ ] A\n\n```sh\nnpm test\n\n- [ ] B\n",
    line: 3,
    says: "expected the code block that begins here to end",
  },
  {
    why: "a comment without an end",
    text: "<!-- notes\n\n- [ ] A\n",
    line: 1,
    says: "expected the comment that begins here to end",
  },

  {
    why: "a box that says something else",
    text: "- [x] A\n- [~] B\n",
    line: 2,
    says: "expected `[ ]` or `[x]`, found `[~]`.",
  },
  { why: "a box without a space", text: "- [] A\n", line: 1, says: "expected `[ ]` or `[x]`, found `[]`." },
  {
    why: "a box in a numbered task that says something else",
    text: "### Task 1: A\n\n- [-] b\n",
    line: 3,
    says: "found `[-]`.",
  },
  {
    why: "a box without a text",
    text: "- [ ] A\n- [ ] \n",
    line: 2,
    says: "expected the task's title, found nothing.",
  },
  {
    why: "a gate section without a gate",
    text: "- [ ] A\n\n## Validation Commands\n\nSee the wiki.\n",
    line: 3,
    says: "expected commands in this section",
  },
  {
    why: "a gate that is a sentence",
    text: "- [ ] A\n\n## Gates\n\n- Look at the page\n",
    line: 5,
    says: 'expected a command in backticks, found "Look at the page".',
  },
  {
    why: "a gate that is two",
    text: "- [ ] A\n\n## Gates\n\n- Run `a` and `b`\n",
    line: 5,
    says: "expected a command in backticks",
  },
  {
    why: "a gate of nothing",
    text: "- [ ] A\n\n## Gates\n\n- ` `\n",
    line: 5,
    says: "expected a command in backticks",
  },
  { why: "the same gate twice", text: "- [ ] A\n\n## Gates\n\n- `a`\n- `a`\n", line: 6, says: "found `a` twice." },

  { why: "JSON without an end", text: '{\n  "userStories": [', line: 2, says: "expected JSON, found an error" },
  { why: "JSON with a comment", text: '{\n  // mine\n  "userStories": []\n}', line: 2, says: "expected JSON" },
  { why: "JSON with YAML's comment", text: '{\n  "userStories": [] # mine\n}', line: 2, says: "expected JSON" },
  {
    why: "JSON with a comma too many",
    text: '{\n  "userStories": [\n    { "title": "a" },\n  ]\n}',
    line: 3,
    says: "expected JSON",
  },
  { why: "JSON with single quotes", text: "{\n  'userStories': []\n}", line: 2, says: "expected JSON" },
  { why: "JSON with an unquoted key", text: "{\n\n  userStories: []\n}", line: 3, says: "expected JSON" },
  { why: "JSON with a line end in a text", text: story('"notes": "a\nb"'), line: 3, says: "expected JSON" },
  { why: "a file that is named JSON and is none", path: "prd.json", text: "- [ ] A\n", line: 1, says: "expected JSON" },
  { why: "nesting that is too deep", path: "prd.json", text: "[".repeat(200_000), line: 1, says: "expected" },
  { why: "no stories", text: '{\n  "userStories": []\n}', line: 1, says: "expected at least one task, found none." },
  { why: "an empty list", text: "[]", line: 1, says: "expected at least one task, found none." },
  {
    why: "an object that is no plan",
    text: '{ "tasks": [] }',
    line: 1,
    says: "userStories: expected a list of stories, found nothing.",
  },
  {
    why: "stories that are an object",
    text: '{\n  "userStories": {}\n}',
    line: 2,
    says: "userStories: expected a list of stories, found {}.",
  },
  {
    why: "a story that is a text",
    text: '{\n  "userStories": [\n    "a"\n  ]\n}',
    line: 3,
    says: "userStories.0: expected a story",
  },
  {
    why: "a story without a title",
    text: '[\n  { "id": "a" }\n]',
    line: 2,
    says: "expected a story with a title or a description",
  },
  {
    why: "an answer that is a text",
    text: story('\n      "passes": "yes"'),
    line: 4,
    says: 'userStories.0.passes: expected true or false, found "yes".',
  },
  {
    why: "a priority that is no rank",
    text: story('\n      "priority": "constructor"'),
    line: 4,
    says: "expected a priority",
  },
  { why: "a story's dependency on no story", text: story('\n      "dependsOn": [\n"b"]'), line: 5, says: "found `b`." },
  {
    why: "a dependency under its other name",
    text: story('\n      "dependencies": ["b"]'),
    line: 4,
    says: "found `b`.",
  },
  {
    why: "stories with one id",
    text: '[\n  { "id": 1, "title": "a" },\n  { "id": "1", "title": "b" }\n]',
    line: 3,
    says: "found `1` twice.",
  },
  {
    why: "a story's key twice",
    text: story('\n      "title": "b"'),
    line: 4,
    says: "expected each key once, found `title` twice.",
  },
  {
    why: "a story's empty gate",
    text: story('\n      "gates": { "a": "" }'),
    line: 4,
    says: "gates.a: expected a shell command",
  },
];

describe("a plan is refused, with file, line and reason, that has", () => {
  for (const { why, path = "plan.md", text, line, says } of BROKEN) {
    test(why, () => {
      const error = errorOf(() => readPlan({ path, text }));
      deepEqual([error.code, error.file, error.line], ["plan_invalid", path, line], error.message);
      deepEqual(error.message.includes(says), true, `expected “${says}” in “${error.message}”`);
    });
  }

  test("CRLF line ends, with the line that an editor shows", () => {
    const text = "---\r\ntitle: x\r\n---\r\n\r\n- [ ] A\r\n- [?] B\r\n";
    deepEqual(errorOf(() => readPlan({ path: "plan.md", text })).line, 6);
  });

  test("more front matter than it may", () => {
    const error = errorOf(() => readPlan({ path: "plan.md", text: `---\n${"a: b\n".repeat(60_000)}---\nDo it.` }));
    deepEqual([error.line, error.message.startsWith("expected 262144 characters of YAML at most")], [1, true]);
  });

  test("more tasks than it may", () => {
    const text = "- [ ] A\n".repeat(2001);
    deepEqual(errorOf(() => readPlan({ path: "plan.md", text })).line, 2001);
  });
});

test("an empty prompt is refused without naming a file", () => {
  const error = errorOf(() => promptPlan(" \n"));
  deepEqual([error.code, error.file, error.line], ["plan_invalid", undefined, undefined]);
});

function errorOf(act: () => unknown): CloisterError {
  try {
    act();
  } catch (error: unknown) {
    if (CloisterError.isInstance(error)) return error;
    throw error;
  }
  throw new Error("expected an error, came none");
}
