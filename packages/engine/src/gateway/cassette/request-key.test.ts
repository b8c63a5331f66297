import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { type RequestKey, toRequestKey } from "./request-key.ts";

type Sample = { readonly path?: string; readonly body?: unknown; readonly method?: string };

function keyOf({ path = "/v1/messages", body = QUESTION, method = "POST" }: Sample): RequestKey {
  return toRequestKey({ method, path, headers: {}, body: Buffer.from(JSON.stringify(body)) });
}

const QUESTION = { model: "m", stream: true, messages: [{ role: "user", content: "Mend it." }] };
const MORE = [
  { role: "assistant", content: "I look." },
  { role: "user", content: "Well?" },
];

const SAME: readonly { readonly what: string; readonly one: Sample; readonly other: Sample }[] = [
  {
    what: "the order of fields",
    one: { body: { model: "m", messages: [] } },
    other: { body: { messages: [], model: "m" } },
  },
  {
    what: "the user's and session's ids",
    one: { body: { ...QUESTION, metadata: { user_id: "a" } } },
    other: { body: { ...QUESTION, metadata: { user_id: "b" }, prompt_cache_key: "c" } },
  },
  {
    what: "the day and the folder in the system prompt",
    one: { body: { ...QUESTION, system: "Today is 2026-11-21. Folder: /tmp/a" } },
    other: { body: { ...QUESTION, system: "Today is 2027-01-01. Folder: /home/b/c" } },
  },
  {
    what: "ids of tool calls",
    one: {
      body: { messages: [{ role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_1", content: "ok" }] }] },
    },
    other: {
      body: { messages: [{ role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_2", content: "ok" }] }] },
    },
  },
  { what: "parameters of the query", one: { path: "/v1/messages?beta=true" }, other: { path: "/v1/messages" } },
  {
    what: "what stands before the endpoint",
    one: { path: "/v1/chat/completions" },
    other: { path: "/chat/completions" },
  },
];

const DIFFERENT: readonly { readonly what: string; readonly one: Sample; readonly other: Sample }[] = [
  {
    what: "what the user says",
    one: {},
    other: { body: { ...QUESTION, messages: [{ role: "user", content: "Go." }] } },
  },
  {
    what: "who says it",
    one: {},
    other: { body: { ...QUESTION, messages: [{ role: "assistant", content: "Mend it." }] } },
  },
  { what: "streaming", one: {}, other: { body: { ...QUESTION, stream: false } } },
  { what: "the model", one: {}, other: { body: { ...QUESTION, model: "n" } } },
  { what: "the endpoint", one: {}, other: { path: "/v1/messages/count_tokens" } },
  {
    what: "Gemini's model, which is in its path",
    one: { path: "/v1beta/models/m:generateContent" },
    other: { path: "/v1beta/models/n:generateContent" },
  },
  { what: "the method", one: {}, other: { method: "GET" } },
];

suite("a request's key", () => {
  for (const { what, one, other } of SAME) {
    test(`does not depend on ${what}`, () => assert.equal(keyOf(one).fingerprint, keyOf(other).fingerprint));
  }

  for (const { what, one, other } of DIFFERENT) {
    test(`depends on ${what}`, () => assert.notEqual(keyOf(one).fingerprint, keyOf(other).fingerprint));
  }

  test("has a shape that depends on the number of turns, not on their text", () => {
    const reworded = keyOf({ body: { ...QUESTION, messages: [{ role: "user", content: "Other words." }] } });
    const longer = keyOf({ body: { ...QUESTION, messages: [...QUESTION.messages, ...MORE] } });
    assert.equal(reworded.shape, keyOf({}).shape);
    assert.notEqual(longer.shape, keyOf({}).shape);
    assert.equal(longer.label, "POST /v1/messages, model m, 3 turns");
  });

  test("is made of any bytes", () => {
    const bodies = [Buffer.alloc(0), Buffer.from([0xff, 0]), Buffer.from("[".repeat(100_000) + "]".repeat(100_000))];
    const deep = Buffer.from(`{"messages":${'{"a":'.repeat(5000)}1${"}".repeat(5000)}}`);
    for (const body of [...bodies, deep])
      assert.match(
        toRequestKey({ method: "POST", path: "/v1/messages", headers: {}, body }).fingerprint,
        /^[0-9a-f]{64}$/,
      );
  });
});
