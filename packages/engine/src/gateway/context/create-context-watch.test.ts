import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { NO_USAGE, WIRES, type Wire } from "@cloister/core";
import type { JsonObject } from "../../agents/json-value.ts";
import { createContextWatch } from "./create-context-watch.ts";
import { sampleRequest } from "./testing/sample-request.ts";

/** A prompt in words that each wire can say. */
type Prompt = {
  readonly model?: string;
  readonly tools?: readonly (readonly [name: string, description: string])[];
  readonly system?: string;
  readonly messages: readonly string[];
};

const SYSTEM = `You are careful. ${"Read before you write. ".repeat(20)}`;
const TOOLS = [
  ["Bash", "Runs a command"],
  ["Read", "Reads a file"],
] as const;
const PROMPT = { model: "model-1", tools: TOOLS, system: SYSTEM, messages: ["fix it", "on it", "result", "done?"] };

const WRITERS: Readonly<Record<Wire, (prompt: Prompt) => JsonObject>> = {
  anthropic: ({ model = "m", tools = [], system = "", messages }) => ({
    model,
    system: [{ type: "text", text: system, cache_control: { type: "ephemeral" } }],
    tools: tools.map(([name, description]) => ({ name, description, input_schema: {} })),
    messages: messages.map((text, index) => ({ role: index % 2 === 0 ? "user" : "assistant", content: text })),
  }),
  openai_responses: ({ model = "m", tools = [], system = "", messages }) => ({
    model,
    instructions: system,
    tools: tools.map(([name, description]) => ({ type: "function", name, description, parameters: {} })),
    input: messages.map((text, index) => ({
      type: "message",
      role: index % 2 === 0 ? "user" : "assistant",
      content: [{ type: index % 2 === 0 ? "input_text" : "output_text", text }],
    })),
  }),
  openai_chat: ({ model = "m", tools = [], system = "", messages }) => ({
    model,
    tools: tools.map(([name, description]) => ({ type: "function", function: { name, description, parameters: {} } })),
    messages: [
      { role: "system", content: system },
      ...messages.map((content, index) => ({ role: index % 2 === 0 ? "user" : "assistant", content })),
    ],
  }),
  gemini: ({ model = "m", tools = [], system = "", messages }) => ({
    model,
    systemInstruction: { parts: [{ text: system }] },
    tools: [{ functionDeclarations: tools.map(([name, description]) => ({ name, description, parameters: {} })) }],
    contents: messages.map((text, index) => ({ role: index % 2 === 0 ? "user" : "model", parts: [{ text }] })),
  }),
};

/** The messages' numbers start after the system prompt where that is a message itself. */
const MESSAGES_BEFORE: Readonly<Record<Wire, number>> = {
  anthropic: 0,
  openai_responses: 0,
  openai_chat: 1,
  gemini: 0,
};

const BREAKS: readonly { name: string; after: Prompt; cause: (wire: Wire) => string | undefined }[] = [
  { name: "nothing, when the same is sent again", after: PROMPT, cause: () => undefined },
  {
    name: "nothing, when the conversation grows",
    after: { ...PROMPT, messages: [...PROMPT.messages, "yes", "then go on"] },
    cause: () => undefined,
  },
  {
    name: "nothing, when the conversation goes back to an earlier point",
    after: { ...PROMPT, messages: PROMPT.messages.slice(0, 2) },
    cause: () => undefined,
  },
  {
    name: "nothing, when the reminder in the last message is gone",
    after: { ...PROMPT, messages: [...PROMPT.messages.slice(0, 3), "done", "yes"] },
    cause: () => undefined,
  },
  {
    name: "a tool's description",
    after: { ...PROMPT, tools: [["Bash", "Runs a command. It is Monday"], TOOLS[1]] },
    cause: () => "tools changed: tool Bash's description",
  },
  {
    name: "a tool that was added",
    after: { ...PROMPT, tools: [...TOOLS, ["Write", "Writes a file"]] },
    cause: () => "tools changed: tool Write was added",
  },
  {
    name: "a tool that was removed",
    after: { ...PROMPT, tools: [TOOLS[1]] },
    cause: () => "tools changed: tool Bash was removed",
  },
  {
    name: "the order of tools",
    after: { ...PROMPT, tools: TOOLS.toReversed() },
    cause: () => "tools changed: their order",
  },
  {
    name: "the system prompt",
    after: { ...PROMPT, system: `${SYSTEM.slice(0, 200)}X${SYSTEM.slice(201)}` },
    cause: () => "system prompt changed between characters 193 and 256",
  },
  {
    name: "a message",
    after: { ...PROMPT, messages: ["fix it", "on it", "[cleared]", "done?", "yes"] },
    cause: (wire) => `message ${3 + MESSAGES_BEFORE[wire]} changed`,
  },
  { name: "the model", after: { ...PROMPT, model: "model-2" }, cause: () => "model changed from model-1 to model-2" },
];

for (const wire of WIRES) {
  describe(`what breaks the cache of ${wire}`, () => {
    for (const { name, after, cause } of BREAKS) {
      test(`is said to be ${name}`, () => {
        const watch = createContextWatch({ warnAt: 0.8 });
        assert.deepEqual(watch.sent(sampleRequest(wire, WRITERS[wire](PROMPT))), []);
        const said = cause(wire);
        const expected = { kind: "cache_broken", action: "reported", detail: `The prompt cache is broken: ${said}.` };
        const signals = watch.sent(sampleRequest(wire, WRITERS[wire](after)));
        assert.deepEqual(signals, said === undefined ? [] : [expected]);
      });
    }
  });
}

const SIDE_TASKS: readonly { name: string; prompt: Prompt }[] = [
  {
    name: "a title, asked for without tools",
    prompt: { ...PROMPT, tools: [], system: "Write a title.", messages: ["fix it"] },
  },
  { name: "a subagent of the same kind", prompt: { ...PROMPT, messages: ["look around"] } },
  {
    name: "another agent on the same task",
    prompt: { ...PROMPT, tools: [["Grep", "x"]], system: "Review.", messages: ["fix it"] },
  },
];

for (const { name, prompt } of SIDE_TASKS) {
  test(`a side task breaks nothing, before or after it: ${name}`, () => {
    const watch = createContextWatch({ warnAt: 0.8 });
    const sent = [PROMPT, prompt, PROMPT, prompt].map((each) => sampleRequest("anthropic", WRITERS.anthropic(each)));
    assert.deepEqual(
      sent.flatMap((request) => watch.sent(request)),
      [],
    );
  });
}

test("marks that say where to cache, and the form of a text, are not part of what is cached", () => {
  const watch = createContextWatch({ warnAt: 0.8 });
  const block = { type: "text", text: "fix it" };
  const rest = [
    { role: "assistant", content: "ok" },
    { role: "user", content: "go on" },
    { role: "assistant", content: "ok" },
  ];
  const marked = { ...block, cache_control: { type: "ephemeral" } };
  for (const content of [[marked], [block], "fix it"]) {
    const json = { model: "m", messages: [{ role: "user", content }, ...rest] };
    assert.deepEqual(watch.sent(sampleRequest("anthropic", json)), []);
  }
});

test("the line for billing that Claude Code changes with each request is no change", () => {
  const watch = createContextWatch({ warnAt: 0.8 });
  for (const cch of ["36ee5", "0aaa9"]) {
    const header = { type: "text", text: `x-anthropic-billing-header: cc_version=2.1.177.01c; cch=${cch};` };
    const json = { ...WRITERS.anthropic(PROMPT), system: [header, { type: "text", text: SYSTEM }] };
    assert.deepEqual(watch.sent(sampleRequest("anthropic", json)), []);
  }
});

test("a choice of tools is part of what Anthropic caches", () => {
  const watch = createContextWatch({ warnAt: 0.8 });
  watch.sent(sampleRequest("anthropic", WRITERS.anthropic(PROMPT)));
  const changed = { ...WRITERS.anthropic(PROMPT), tool_choice: { type: "any" } };
  assert.match(watch.sent(sampleRequest("anthropic", changed))[0]?.detail ?? "", /broken: tool_choice changed\.$/);
});

test("names out of a request are cleaned and cut before they are shown", () => {
  const watch = createContextWatch({ warnAt: 0.8 });
  watch.sent(sampleRequest("anthropic", WRITERS.anthropic(PROMPT)));
  const hostile = { ...PROMPT, model: `\u001B[2J\n\u202E${"x".repeat(1000)}` };
  const detail = watch.sent(sampleRequest("anthropic", WRITERS.anthropic(hostile)))[0]?.detail ?? "";
  assert.match(detail, /^[\w .:[\]-]+$/);
  assert.ok(detail.length <= 300);
});

test("a window that fills is flagged once for each conversation", () => {
  const watch = createContextWatch({ warnAt: 0.8 });
  const answer = (prompt: Prompt, input: number): readonly object[] => {
    const request = sampleRequest("anthropic", WRITERS.anthropic(prompt));
    watch.sent(request);
    return watch.answered(request, { ...NO_USAGE, input: 100, cacheRead: input - 100 }, 10_000);
  };
  assert.deepEqual(
    [7000, 8000].flatMap((tokens) => answer(PROMPT, tokens)),
    [],
  );
  assert.deepEqual(answer(PROMPT, 8600), [
    {
      kind: "context_full",
      action: "reported",
      detail: "A conversation fills 86 % of the window of model-1 (8600 of 10000 tokens) and grows by 800 a turn.",
    },
  ]);
  assert.deepEqual(answer(PROMPT, 9000), []);
  assert.equal(answer({ ...PROMPT, messages: ["look around"] }, 9000).length, 1);
});

test("a report is of the largest conversation of its iteration, and of no other iteration", () => {
  const watch = createContextWatch({ warnAt: 0.8 });
  const identity = { run: "run-1", task: "task-1", iteration: 3 };
  for (const [messages, input] of [
    [["a"], 50],
    [["b"], 900],
    [["c"], 70],
  ] as const) {
    const request = sampleRequest("anthropic", WRITERS.anthropic({ ...PROMPT, messages }), { identity });
    watch.sent(request);
    watch.answered(request, { ...NO_USAGE, input }, undefined);
  }
  assert.deepEqual(watch.report(identity), { requests: 1, lastTokens: 900, growthPerTurn: 0, cachedShare: 0 });
  assert.equal(watch.report({ ...identity, iteration: 4 }), undefined);
});

test("requests that cost nothing are not part of a conversation", () => {
  const watch = createContextWatch({ warnAt: 0.8 });
  const facts = { model: "m", stream: false, billable: false };
  watch.sent(sampleRequest("anthropic", WRITERS.anthropic(PROMPT), { facts }));
  assert.deepEqual(watch.sent(sampleRequest("anthropic", WRITERS.anthropic({ ...PROMPT, model: "n" }))), []);
});

test("no JSON makes the watch throw, and sentences stay short", () => {
  const key = fc.constantFrom(
    "system",
    "tools",
    "messages",
    "input",
    "contents",
    "role",
    "content",
    "text",
    "parts",
    "name",
    "model",
  );
  const tree = fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 5 }, fc.jsonValue(), fc.dictionary(key, tie("value")), fc.array(tie("value"))),
  })).value;
  fc.assert(
    fc.property(fc.constantFrom(...WIRES), fc.array(fc.dictionary(key, tree), { maxLength: 3 }), (wire, bodies) => {
      const watch = createContextWatch({ warnAt: 0.5 });
      for (const json of bodies) {
        const request = sampleRequest(wire, json);
        const signals = [...watch.sent(request), ...watch.answered(request, { ...NO_USAGE, input: 9 }, 10)];
        for (const { detail } of signals) assert.ok(detail.length <= 300);
      }
    }),
  );
});

test("bodies that are nested without end do not make the watch throw", () => {
  const deep = JSON.parse(`${"[".repeat(100_000)}${"]".repeat(100_000)}`) as unknown;
  const watch = createContextWatch({ warnAt: 0.8 });
  const json = { system: deep, tools: [{ name: "a", description: deep }], messages: [{ role: "user", content: deep }] };
  for (let round = 0; round < 2; round += 1) assert.deepEqual(watch.sent(sampleRequest("anthropic", json)), []);
});
