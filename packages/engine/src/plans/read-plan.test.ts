import { deepEqual, equal, match, throws } from "node:assert/strict";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { CloisterError, type Plan, type PlanFormat } from "@cloister/core";
import { MAX_PLAN_BYTES, promptPlan, readPlan, readPlanFile } from "./index.ts";

const read = (text: string, path: string = "plan.md"): Plan => readPlan({ path, text });
const ids = (plan: Plan): string[] => plan.tasks.map(({ id, done }) => (done ? `${id} ✓` : id));

describe("the format of a plan is", () => {
  const cases: readonly (readonly [PlanFormat, string, string])[] = [
    ["prd-json", "an object", ' {"userStories":[{"title":"a"}]}'],
    ["prd-json", "a list of objects", '[\n {"title":"a"}]'],
    ["cloister", "a heading with Task:", "# [ ] task: A"],
    ["sections", "a heading with a numbered task", "### Task 2.1 - A"],
    ["sections", "a heading with an iteration", "## Iteration 1"],
    ["checklist", "a box", "Text\n\n+ [x] a"],
    ["checklist", "a box below a plain bullet", "- Phase one\n  - [ ] a"],
    ["checklist", "a box, and front matter", "---\ntitle: x\n---\n- [ ] a"],
    ["prompt", "a sentence", "Do it"],
    ["prompt", "a link", "[a](b) {x}"],
    ["prompt", "a footnote", "- [1] a\n- [x](y)\n- - -\n* * *"],
    ["prompt", "a heading that only speaks of tasks", "## Tasks\n\n## Task list\n\n## Task force 1: x"],
    ["prompt", "a box in code", "```\n- [ ] a\n```\n\n    - [ ] b"],
    ["prompt", "a box in a comment", "<!--\n- [ ] a\n-->\nDo it"],
    ["prompt", "a box in a quote", "> - [ ] a"],
    ["prompt", "boxes that are gates", "Do it\n\n## Gates\n\n- [ ] npm test"],
  ];
  for (const [format, why, text] of cases) test(`${format} for ${why}`, () => equal(read(text).format, format));
});

describe("a checklist", () => {
  const plan = read(
    [
      "# Big plan",
      "Why.",
      "## Parser",
      "### Errors ###",
      "- [ ] First",
      "  goes on",
      "",
      "  - [x] nested",
      "    ```js",
      "  - [ ] code",
      "    ```",
      "",
      "",
      "  A paragraph.",
      "- [X] Second {#two}",
      "lazily",
      "",
      "Not of it.",
      "## Other",
      "- plain",
      "- [ ] First",
    ].join("\n"),
  );

  test("has a task for each box that is in no other, in order, ids made from titles", () => {
    deepEqual(ids(plan), ["first", "two ✓", "first-2"]);
  });

  test("gives a task all that is indented below it, and names its section", () => {
    equal(
      plan.tasks[0]?.body,
      "In the plan's section: Parser / Errors\n\ngoes on\n\n- [x] nested\n  ```js\n- [ ] code\n  ```\n\nA paragraph.",
    );
    equal(plan.tasks[1]?.body, "In the plan's section: Parser / Errors\n\nlazily");
  });

  test("keeps the rest as context, without the title and sections that held only tasks", () => {
    equal(plan.title, "Big plan");
    equal(plan.context, "Why.\n## Parser\n### Errors ###\nNot of it.\n## Other\n- plain");
  });

  test("cuts a title that is a paragraph, and keeps all of it in the body", () => {
    const [task] = read(`- [ ] ${"word ".repeat(60)}`).tasks;
    equal(task?.title.length, 120);
    equal(task?.body, "word ".repeat(60).trim());
  });

  test("makes ids that no explicit id has", () => {
    equal(read(`- [ ] a${"𝒳".repeat(80)}`).tasks[0]?.id.isWellFormed(), true);
    deepEqual(ids(read("- [ ] A\n- [ ] A\n- [ ] B {#a}\n- [ ] 漢字\n- [ ] !?\n")), ["a-2", "a-3", "a", "漢字", "task"]);
  });
});

describe("gates in a section", () => {
  const gates = (lines: string): unknown => read(`- [ ] a\n\n## Validation Commands\n\n${lines}\n`).gates;

  test("are list items, named by their label or their command", () => {
    deepEqual(gates("- `go test ./...` (all of them)\n- lint: `npm run lint`\n- [ ] ./check.sh --fast\n- Run `make`"), [
      { name: "go test ./...", command: "go test ./..." },
      { name: "lint", command: "npm run lint" },
      { name: "./check.sh --fast", command: "./check.sh --fast" },
      { name: "make", command: "make" },
    ]);
  });

  test("are lines of code, with what prepares them before each", () => {
    const block = "```sh\n# first\n$ npm ci\ncd web\nnpm test -- \\\n  --bail\nA=1 make\n```\n\n```\nmake\n```";
    deepEqual(
      (gates(block) as { command: string }[]).map(({ command }) => command),
      ["npm ci", "cd web && npm test -- --bail", "cd web && A=1 make", "make"],
    );
  });

  test("have names without what flags could not give", () => {
    deepEqual(gates("- `A=b x`"), [{ name: "A b x", command: "A=b x" }]);
  });
});

test("everything that front matter and a task's block say reaches the plan", () => {
  const plan = read(
    `---
title: T
gates: [npm test, { name: x, command: make, timeout: 90, required: true, heldOutFiles: hidden }]
limits: { maxIterations: 3, maxRuntime: 1h30m, maxCost: "$2.50", maxTokens: 10, iterationTimeout: 5m, idleTimeout: 30 }
guards: { tests_skipped: off }
protect: ["a/**"]
setup: [npm ci]
phases: [review]
---
## Task: A
## Task: B
\`\`\`yaml
dependsOn: [a]
gates: { y: { command: z, required: false }, w: v }
phases: [review, analyse]
limits: { maxIterations: 2 }
allowEmptyDiff: true
status: done
\`\`\`
`,
    "/project/plans/plan.md",
  );
  const common = { body: "", dependsOn: [], gates: [], limits: {}, allowEmptyDiff: false, done: false };
  deepEqual(plan, {
    format: "cloister",
    title: "T",
    context: "",
    tasks: [
      { ...common, id: "a", title: "A", phases: ["implement", "review"] },
      {
        ...common,
        id: "b",
        title: "B",
        dependsOn: ["a"],
        phases: ["analyse", "implement", "review"],
        gates: [
          { name: "y", command: "z", required: false },
          { name: "w", command: "v", required: true },
        ],
        limits: { maxIterations: 2 },
        allowEmptyDiff: true,
        done: true,
      },
    ],
    gates: [
      { name: "npm test", command: "npm test" },
      { name: "x", command: "make", timeoutMs: 90_000, required: true, heldOutFiles: "/project/plans/hidden" },
    ],
    limits: {
      maxIterations: 3,
      maxRuntimeMs: 5_400_000,
      maxCost: 2_500_000,
      maxTokens: 10,
      iterationTimeoutMs: 300_000,
      idleTimeoutMs: 30_000,
    },
    guards: { tests_skipped: "off" },
    protect: ["a/**"],
    setup: ["npm ci"],
  });
});

test("stories are ordered by priority, equal ones as they stand, those without one last", () => {
  const stories = [
    { id: "e" },
    { id: "d", priority: "low" },
    { id: "b", priority: 1 },
    { id: "c", priority: "P1" },
    { id: "a", priority: -1 },
  ];
  deepEqual(ids(read(JSON.stringify(stories.map((story) => ({ title: "x", ...story }))))), ["a", "b", "c", "d", "e"]);
});

test("a prompt's file is its body, without the front matter, titled by its first line", () => {
  const plan = read("---\ngates: []\n---\n\nPort it.\n\nKeep names.\n", "x/todo.md");
  deepEqual([plan.tasks[0]?.title, plan.tasks[0]?.body, plan.gates], ["Port it.", "Port it.\n\nKeep names.", []]);
});

test("a prompt from the command line is one task, whatever it holds", () => {
  const plan = promptPlan("- [ ] a\n- [ ] b", ["implement", "review"]);
  deepEqual(
    [plan.format, ids(plan), plan.tasks[0]?.body, plan.tasks[0]?.phases],
    ["prompt", ["prompt"], "- [ ] a\n- [ ] b", ["implement", "review"]],
  );
});

describe("a plan's file", () => {
  test("is read up to a size, as UTF-8, and must be a file", (context) => {
    const folder = mkdtempSync(join(tmpdir(), "cloister-plan-"));
    context.after(() => rmSync(folder, { recursive: true }));
    const path = join(folder, "plan.md");
    throws(() => readPlanFile(path), { code: "plan_invalid", file: path });
    throws(() => readPlanFile(folder), { code: "plan_invalid", message: /found a folder/ });
    writeFileSync(path, Buffer.from("- [ ] a\n- [ ] \xff\n", "latin1"));
    throws(() => readPlanFile(path), { code: "plan_invalid", line: 2, message: /expected UTF-8/ });
    truncateSync(path, MAX_PLAN_BYTES + 1);
    throws(() => readPlanFile(path), { message: /4194304 bytes at most/ });
    writeFileSync(path, "- [ ] ä\n");
    deepEqual(ids(readPlanFile(path)), ["a"]);
  });
});

test("any text is read or refused with a line, and never anything else", () => {
  const piece = fc.constantFrom(
    "---\n",
    "- [ ] a\n",
    "## Task: b\n",
    "### Task 1\n",
    "```yaml\n",
    "```\n",
    "gates:\n",
    " - x\n",
    "\t",
    "{",
    "[",
    '"',
    "\r",
    "<!--",
    "-->",
    "&a *a",
    "## Gates\n",
    "\\",
    ": ",
    "userStories",
  );
  const text = fc.oneof(
    fc.array(fc.oneof(piece, fc.string()), { maxLength: 20 }).map((parts) => parts.join("")),
    fc.json(),
  );
  fc.assert(
    fc.property(text, fc.constantFrom("plan.md", "prd.json"), (text, path) => {
      try {
        match(read(text, path).tasks[0]?.id ?? "", /./);
      } catch (error: unknown) {
        if (!CloisterError.isInstance(error)) throw error;
        equal(typeof error.line, "number");
      }
    }),
    { numRuns: 500 },
  );
});
