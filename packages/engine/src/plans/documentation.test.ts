import { deepEqual, equal, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { PLAN_FORMATS } from "@cloister/core";
import { markDone, planSchema, planTemplate, readPlan } from "./index.ts";

const docs = new URL("../../../../docs/", import.meta.url);
const page = readFileSync(new URL("plan-format.md", docs), "utf8");
const examples = [...page.matchAll(/<!-- example: (\S+) -->\n````\w+\n([\s\S]*?)\n````/g)].map((match) => ({
  path: match[1] ?? "",
  text: match[2] ?? "",
}));

describe("docs/plan-format.md", () => {
  test("has an example of every format, each read as that format", () => {
    const formats = examples.map((example) => readPlan(example).format);
    deepEqual([...new Set(formats)].sort(), [...PLAN_FORMATS].sort());
  });

  test("says of each example what it is read as", () => {
    const summaries = examples.map((example) => {
      const { tasks, gates } = readPlan(example);
      const states = tasks.map(({ id, done }) => `${id}${done ? " done" : ""}`);
      return { path: example.path, tasks: states, gates: gates?.map(({ command }) => command) };
    });
    deepEqual(summaries, [
      { path: "plan.md", tasks: ["space done", "accents", "speed"], gates: ["npm test", "npx tsc --noEmit"] },
      { path: "docs/plans/retry.md", tasks: ["task-1 done", "task-2"], gates: ["npm test", "npm run lint"] },
      {
        path: "IMPLEMENTATION_PLAN.md",
        tasks: ["tokens-carry-their-line done", "error-lines", "version-prints-the-version"],
        gates: ["cd packages/parser && npm test"],
      },
      { path: "prd.json", tasks: ["US-001 done", "US-002"], gates: ["npm test"] },
      {
        path: "feature_list.json",
        tasks: ["a-new-chat-can-be-started", "the-page-is-readable-on-a-phone"],
        gates: undefined,
      },
      { path: "PROMPT.md", tasks: ["prompt"], gates: ["npm test"] },
    ]);
  });

  test("names every key that a plan may have", () => {
    for (const part of ["frontMatter", "task"]) {
      const definition = (planSchema()["$defs"] as Record<string, { properties: object }>)[part];
      const keys = Object.keys(definition?.properties ?? {});
      ok(keys.length > 5);
      deepEqual(
        keys.filter((key) => !page.includes(`\`${key}\``)),
        [],
      );
    }
  });

  test("has examples in which every open task can be marked done", () => {
    for (const example of examples) {
      const plan = readPlan(example);
      if (plan.format === "prompt") continue;
      const text = plan.tasks.reduce((text, { id }) => markDone({ ...example, text, taskId: id }), example.text);
      ok(readPlan({ ...example, text }).tasks.every(({ done }) => done));
    }
  });
});

test("docs/plan.schema.json is what the schemas say now", () => {
  const committed: unknown = JSON.parse(readFileSync(new URL("plan.schema.json", docs), "utf8"));
  deepEqual(committed, JSON.parse(JSON.stringify(planSchema())), "run node scripts/generate-schema.ts");
});

describe("the template of a plan", () => {
  test("can be read as it stands, with open tasks in order", () => {
    const plan = readPlan({ path: "plan.md", text: planTemplate() });
    deepEqual(
      plan.tasks.map(({ id, dependsOn, done }) => ({ id, dependsOn, done })),
      [
        { id: "first", dependsOn: [], done: false },
        { id: "next", dependsOn: ["first"], done: false },
      ],
    );
    equal(plan.gates, undefined);
  });

  test("carries any title and gates", () => {
    const gates = { 'odd: "name"': `sh -c 'echo "a: b"' # not a comment` };
    const plan = readPlan({ path: "plan.md", text: planTemplate({ title: 'A "title": x', gates }) });
    equal(plan.title, 'A "title": x');
    deepEqual(plan.gates, [{ name: 'odd: "name"', command: `sh -c 'echo "a: b"' # not a comment` }]);
  });
});
