import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { type Wire, WIRES } from "@cloister/core";
import { type JsonObject, toObject } from "../../agents/json-value.ts";
import type { RequestFacts } from "../port.ts";
import { findWire, WIRE_ADAPTERS } from "./find-wire.ts";

const ANTHROPIC = { "anthropic-version": "2023-06-01" };
const GEMINI = { "x-goog-api-key": "k" };
const BODY: JsonObject = { model: "m", stream: true };

type Case = {
  readonly request: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Null: not readable. Default {@link BODY}. */
  readonly body?: JsonObject | null;
  readonly wire: Wire | undefined;
  readonly facts?: Partial<RequestFacts>;
};

const FREE = { billable: false };
const PAID = { billable: true, model: "m", stream: true };

const CASES: readonly Case[] = [
  { request: "POST /v1/messages?beta=true", headers: ANTHROPIC, wire: "anthropic", facts: PAID },
  { request: "POST /v1/messages", headers: {}, wire: "anthropic", facts: PAID },
  { request: "POST /v1/messages/count_tokens?beta=true", headers: ANTHROPIC, wire: "anthropic", facts: FREE },
  { request: "POST /v1/messages/count_tokens/../", headers: ANTHROPIC, wire: "anthropic", facts: PAID },
  { request: "POST /v1/messages/batches", body: { requests: [] }, wire: "anthropic", facts: { billable: true } },
  { request: "GET /v1/models", headers: ANTHROPIC, wire: "anthropic", facts: FREE },
  {
    request: "POST /api/event_logging/batch",
    headers: ANTHROPIC,
    body: { events: [] },
    wire: "anthropic",
    facts: FREE,
  },
  { request: "POST /v1/complete", headers: ANTHROPIC, wire: "anthropic", facts: PAID },
  { request: "POST /v1/responses", wire: "openai_responses", facts: PAID },
  { request: "POST /responses", wire: "openai_responses", facts: PAID },
  { request: "POST /v1/responses/compact", wire: "openai_responses", facts: PAID },
  { request: "POST /v1/responses/input_tokens", wire: "openai_responses", facts: FREE },
  { request: "POST /v1/responses/resp_1/cancel", wire: "openai_responses", facts: FREE },
  { request: "GET /v1/responses/resp_1", wire: "openai_responses", facts: FREE },
  { request: "POST /v1/chat/completions", wire: "openai_chat", facts: PAID },
  { request: "POST /chat/completions?api-version=1", wire: "openai_chat", facts: PAID },
  { request: "POST /v1/chat/completions", body: null, wire: "openai_chat", facts: { billable: true, model: "" } },
  { request: "POST /v1/embeddings", wire: "openai_chat", facts: PAID },
  { request: "POST /v1/unheard_of", wire: "openai_chat", facts: PAID },
  { request: "POST /v1/unheard_of", body: { a: 1 }, wire: "openai_chat", facts: FREE },
  { request: "POST /v1/audio/transcriptions", body: null, wire: "openai_chat", facts: { billable: true } },
  { request: "GET /v1/models", wire: "openai_chat", facts: FREE },
  { request: "GET /v1/models/ft:gpt-5:me::1", wire: "openai_chat", facts: FREE },
  { request: "GET /models", wire: "openai_chat", facts: FREE },
  {
    request: "POST /v1beta/models/gemini-3-pro:generateContent",
    body: {},
    wire: "gemini",
    facts: { billable: true, model: "gemini-3-pro", stream: false },
  },
  {
    request: "POST /v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse",
    body: { model: "other" },
    wire: "gemini",
    facts: { billable: true, model: "gemini-3-pro", stream: true },
  },
  { request: "POST /v1/models/g:generateContent", body: {}, wire: "gemini", facts: { billable: true, model: "g" } },
  { request: "POST /v1beta/models/g:countTokens", body: {}, wire: "gemini", facts: { billable: false, model: "g" } },
  {
    request: "POST /v1beta/models/g:countTokens/../g:generateContent",
    body: {},
    wire: "gemini",
    facts: { billable: true },
  },
  { request: "POST /v1beta/models/g%3AgenerateContent", body: {}, wire: "gemini", facts: { billable: true } },
  { request: "POST /v1beta/cachedContents", body: { model: "models/g" }, wire: "gemini", facts: { billable: true } },
  { request: "POST /upload/files", headers: GEMINI, body: { file: {} }, wire: "gemini", facts: FREE },
  { request: "GET /v1beta/models", wire: "gemini", facts: FREE },
  { request: "GET /", wire: undefined },
  { request: "POST /graphql", wire: undefined },
];

for (const { request, headers = {}, body = BODY, wire, facts } of CASES) {
  const how = `${request}${Object.keys(headers).length === 0 ? "" : ` with ${Object.keys(headers).join()}`}`;
  const what = body === null ? "no JSON" : JSON.stringify(body);
  test(`${how} and ${what} speaks ${wire ?? "no wire"}`, () => {
    const [method = "", path = ""] = request.split(" ");
    const adapter = findWire(method, path, headers);
    assert.equal(adapter?.name, wire);
    if (facts !== undefined) assert.partialDeepStrictEqual(adapter?.readRequest(path, body ?? undefined), facts);
  });
}

const LIMITS: readonly { readonly wire: Wire; readonly body: JsonObject; readonly expected: number | undefined }[] = [
  { wire: "anthropic", body: { max_tokens: 32_000 }, expected: 32_000 },
  { wire: "anthropic", body: { max_tokens: -1 }, expected: undefined },
  { wire: "anthropic", body: { max_tokens: "9" }, expected: undefined },
  { wire: "openai_responses", body: { max_output_tokens: 500 }, expected: 500 },
  { wire: "openai_responses", body: {}, expected: undefined },
  { wire: "openai_chat", body: { max_completion_tokens: 40, max_tokens: 70 }, expected: 70 },
  { wire: "openai_chat", body: { max_tokens: 70, n: 3 }, expected: 210 },
  { wire: "gemini", body: { generationConfig: { maxOutputTokens: 64, candidateCount: 2 } }, expected: 128 },
  { wire: "gemini", body: { generationConfig: [] }, expected: undefined },
];

for (const { wire, body, expected } of LIMITS) {
  test(`the answer to ${JSON.stringify(body)} over ${wire} has at most ${expected ?? "the model's"} tokens`, () => {
    assert.equal(WIRE_ADAPTERS[wire].readRequest("/", body).maxOutputTokens, expected);
  });
}

test("no path and no body makes a wire throw, and names of models stay short", () => {
  const path = fc.oneof(fc.webPath(), fc.string()).map((text) => `/v1beta/models/${text}`);
  fc.assert(
    fc.property(
      fc.constantFrom(...WIRES),
      path,
      fc.object(),
      fc.string({ maxLength: 600 }),
      (wire, path, body, model) => {
        const facts = WIRE_ADAPTERS[wire].readRequest(path, toObject({ ...body, model }));
        assert.ok(facts.model.length <= 256);
      },
    ),
  );
});
