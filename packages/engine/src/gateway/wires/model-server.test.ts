/** The wires against the scripted model server: what a reader counts is what the server says it sent. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { type ModelServer, parseScript, startModelServer } from "@cloister/testkit";
import { type Wire, WIRES } from "@cloister/core";
import type { MeteredUsage } from "../port.ts";
import { findWire } from "./find-wire.ts";

const PROMPT = "Task: one";
const TEXT = "Grüße 👋 to all of you, and then to some more.";

/** The least that a client of each wire sends. */
const REQUESTS: Readonly<Record<Wire, (stream: boolean) => { readonly path: string; readonly body: unknown }>> = {
  anthropic: (stream) => ({
    path: "/v1/messages?beta=true",
    body: {
      model: "m",
      stream,
      tools: [{ name: "bash", input_schema: {} }],
      messages: [{ role: "user", content: PROMPT }],
    },
  }),
  openai_responses: (stream) => ({
    path: "/v1/responses",
    body: { model: "m", stream, tools: [{ type: "function", name: "bash", parameters: {} }], input: PROMPT },
  }),
  openai_chat: (stream) => ({
    path: "/v1/chat/completions",
    body: {
      model: "m",
      stream,
      tools: [{ type: "function", function: { name: "bash", parameters: {} } }],
      messages: [{ role: "user", content: PROMPT }],
    },
  }),
  gemini: (stream) => ({
    path: `/v1beta/models/m:${stream ? "streamGenerateContent?alt=sse" : "generateContent"}`,
    body: {
      tools: [{ functionDeclarations: [{ name: "bash" }] }],
      contents: [{ role: "user", parts: [{ text: PROMPT }] }],
    },
  }),
};

function start(fault = ""): Promise<ModelServer> {
  const script = `
conversations:
  - match: "${PROMPT}"
    turns:
      - thinking: "Hm, small."
        text: "${TEXT}"
        usage: { input: 10, cacheRead: 20, cacheWrite: 7, output: 30, reasoning: 5 }
        ${fault}
`;
  return startModelServer({ script: parseScript(script) });
}

/** Sends one request and reads its answer as the gateway does: chunk by chunk, up to the end or the cut. */
async function meter(url: string, wire: Wire, stream: boolean): Promise<MeteredUsage> {
  const { path, body } = REQUESTS[wire](stream);
  const adapter = findWire("POST", path, {});
  assert.equal(adapter?.name, wire);
  const response = await fetch(url + path, { method: "POST", body: JSON.stringify(body) });
  const reader = adapter.createUsageReader(response.headers.get("content-type") ?? "");
  try {
    for await (const chunk of response.body ?? []) reader.push(chunk);
  } catch {
    return reader.finish(false); // The server cut the connection, as the script told it to.
  }
  return reader.finish(true);
}

for (const wire of WIRES) {
  suite(`${wire} against the model server`, () => {
    for (const stream of [true, false]) {
      test(`usage ${stream ? "of a stream" : "of a body"} is what the server sent`, async () => {
        await using server = await start();
        const metered = await meter(server.url, wire, stream);
        assert.deepEqual(metered.usage, server.requests[0]?.usage);
        assert.equal(metered.completeness, "whole");
        assert.equal(metered.model, "m");
        assert.ok(metered.outputBytes >= Buffer.byteLength(TEXT) && metered.outputBytes < 3 * Buffer.byteLength(TEXT));
      });

      test(`usage ${stream ? "of a stream" : "of a body"} that is cut is partial`, async () => {
        await using server = await start("fault: { type: truncate, afterChunks: 3 }");
        const metered = await meter(server.url, wire, stream);
        assert.equal(metered.completeness, "partial");
        assert.equal(metered.usage.input, stream && wire === "anthropic" ? 10 : stream && wire === "gemini" ? 17 : 0);
      });
    }

    test("usage of a malformed stream is partial", async () => {
      await using server = await start("fault: { type: malformed }");
      assert.equal((await meter(server.url, wire, true)).completeness, "partial");
    });

    for (const fault of ["budget", "overloaded", "rate_limit"]) {
      test(`the server's answer "${fault}" is no usage`, async () => {
        await using server = await start(`fault: { type: ${fault} }`);
        const { completeness, usage } = await meter(server.url, wire, true);
        assert.equal(completeness, "none");
        assert.equal(usage.input + usage.output, 0);
      });
    }
  });
}
