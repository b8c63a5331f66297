import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "../../agents/json-value.ts";
import { greatestSize } from "./request-size.ts";
import { type RequestSketch, requestOf } from "./testing/requests.ts";

const ADDED = 2048;
const WINDOW = 1_000_000;

/** The bound of the input of a request, beyond its bytes and what providers add. */
function beyondBytes(sketch: RequestSketch, window: number | undefined = WINDOW): number {
  const request = requestOf(sketch);
  return greatestSize(request, window).input - request.body.length - ADDED;
}

const PLAIN: readonly (readonly [string, JsonObject])[] = [
  ["nothing", {}],
  ["a conversation", { messages: [{ role: "user", content: "look at https://example.org/a.png" }] }],
  [
    "a tool of the agent's own",
    { tools: [{ name: "file_id", input_schema: { properties: { file_id: { type: "string" } } } }] },
  ],
  [
    "tools that the agent runs",
    { tools: [{ type: "function" }, { type: "bash_20250124" }, { type: "custom" }, { functionDeclarations: [] }] },
  ],
  ["a picture in itself", { input: [{ type: "input_image", image_url: "data:image/png;base64,AAAA" }] }],
  [
    "a picture in itself, as Chat Completions has it",
    { content: [{ image_url: { url: "data:image/png;base64,AAAA" } }] },
  ],
  ["a call of a tool with an address", { content: [{ type: "tool_use", input: { url: "https://example.org" } }] }],
  ["empty references", { previous_response_id: null, conversation: "", prompt: {}, container: null }],
];

for (const [name, json] of PLAIN) {
  test(`a body with ${name} has no more tokens than bytes, and what the provider adds`, () => {
    assert.equal(beyondBytes({ json }), 0);
  });
}

const REFERRING: readonly (readonly [string, JsonObject])[] = [
  ["an earlier answer", { previous_response_id: "resp_1" }],
  ["a conversation that is kept", { conversation: { id: "conv_1" } }],
  ["a conversation by its name", { conversation: "conv_1" }],
  ["a prompt that is kept", { prompt: { id: "pmpt_1" } }],
  ["a container", { container: "c_1" }],
  ["a cache", { cachedContent: "cachedContents/1" }],
  ["a file of Anthropic's", { messages: [{ content: [{ source: { type: "file", file_id: "f" } }] }] }],
  [
    "an address, at Anthropic's",
    { messages: [{ content: [{ source: { type: "url", url: "https://example.org" } }] }] },
  ],
  ["a picture's address", { input: [{ type: "input_image", image_url: "https://example.org/a.png" }] }],
  [
    "a picture's address, in Chat Completions",
    { messages: [{ content: [{ image_url: { url: "https://example.org" } }] }] },
  ],
  ["a file's address", { input: [{ content: [{ type: "input_file", file_url: "https://example.org" }] }] }],
  ["a file of Gemini's", { contents: [{ parts: [{ fileData: { fileUri: "gs://a/b" } }] }] }],
];

for (const [name, json] of REFERRING) {
  test(`a body that refers to ${name} may fill the model's window`, () => {
    assert.equal(greatestSize(requestOf({ json }), WINDOW).input, WINDOW + ADDED);
    assert.equal(greatestSize(requestOf({ json }), undefined).input, 2_000_000 + ADDED);
  });
}

test("a body that can't be read, or is compressed, may fill the model's window; one that is greater counts its bytes", () => {
  assert.equal(greatestSize(requestOf({ text: "[]" }), WINDOW).input, WINDOW + ADDED);
  assert.equal(greatestSize(requestOf({ headers: { "content-encoding": "zstd" } }), WINDOW).input, WINDOW + ADDED);
  assert.equal(beyondBytes({ headers: { "content-encoding": "identity" } }), 0);
  assert.equal(greatestSize(requestOf({ text: "x".repeat(5000) }), 4096).input, 5000 + ADDED);
});

const HOSTED: readonly (readonly [string, JsonObject])[] = [
  ["Anthropic's search", { tools: [{ name: "x" }, { type: "web_search_20250305" }] }],
  ["OpenAI's search", { tools: [{ type: "web_search" }] }],
  ["OpenAI's servers of tools", { tools: [{ type: "mcp" }] }],
  ["Anthropic's servers of tools", { mcp_servers: [{}] }],
  ["Google's search", { tools: [{ googleSearch: {} }] }],
];

for (const [name, json] of HOSTED) {
  test(`${name} may bring more into a request than it holds`, () => assert.equal(beyondBytes({ json }), 100_000));
}

const ANSWERS: readonly (readonly [string, RequestSketch, number | undefined, number])[] = [
  ["what the request allows", { facts: { maxOutputTokens: 500 } }, WINDOW, 500],
  ["the longest answer there is, where it says nothing", {}, WINDOW, 131_072],
  ["the window, where that is less", {}, 8192, 8192],
  ["the window, where the request asks for more", { facts: { maxOutputTokens: 1e15 } }, WINDOW, WINDOW],
  ["the widest window, where none is known", { facts: { maxOutputTokens: 1e15 } }, undefined, 2_000_000],
  ["whole tokens", { facts: { maxOutputTokens: 10.5 } }, WINDOW, 11],
  ["each of several answers", { facts: { maxOutputTokens: 500 }, json: { n: 3 } }, WINDOW, 1500],
  [
    "each of several of Gemini's answers",
    { facts: { maxOutputTokens: 500 }, json: { generationConfig: { candidateCount: 2 } } },
    WINDOW,
    1000,
  ],
  ["one answer where none is asked for", { facts: { maxOutputTokens: 500 }, json: { n: 0 } }, WINDOW, 500],
  ["no more answers than a provider gives", { facts: { maxOutputTokens: 500 }, json: { n: 1e9 } }, WINDOW, 64_000],
];

for (const [name, sketch, window, output] of ANSWERS) {
  test(`an answer has at most ${name}`, () => assert.equal(greatestSize(requestOf(sketch), window).output, output));
}

test("a body that is nested a hundred thousand deep is measured", () => {
  const text = `{"a":${"[".repeat(100_000)}{"file_id":"f"}${"]".repeat(100_000)}}`;
  const json = JSON.parse(text) as JsonObject;
  const request = { ...requestOf({}), json, body: Buffer.from(text) };
  assert.equal(greatestSize(request, WINDOW).input, WINDOW + ADDED);
});
