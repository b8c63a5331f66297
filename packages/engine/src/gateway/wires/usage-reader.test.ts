import assert from "node:assert/strict";
import { suite, test } from "node:test";
import * as fc from "fast-check";
import { type Wire, WIRES } from "@cloister/core";
import type { MeteredUsage } from "../port.ts";
import { WIRE_ADAPTERS } from "./find-wire.ts";
import { SAMPLE_STREAMS, SAMPLE_TEXT_BYTES, toEvent } from "./testing/sample-answers.ts";
import { MAX_TOKENS } from "./token-counts.ts";

const STREAM = "text/event-stream; charset=utf-8";
const JSON_BODY = "application/json";
const WHOLE_MIB = 1024 * 1024;

function read(wire: Wire, contentType: string, chunks: readonly Uint8Array[], ended = true): MeteredUsage {
  const reader = WIRE_ADAPTERS[wire].createUsageReader(contentType);
  for (const chunk of chunks) reader.push(chunk);
  return reader.finish(ended);
}

function readText(wire: Wire, contentType: string, text: string, ended = true): MeteredUsage {
  return read(wire, contentType, [Buffer.from(text)], ended);
}

/** Cuts bytes where the sorted positions say. */
function cutAt(bytes: Buffer, positions: readonly number[]): readonly Buffer[] {
  const ends = [...positions.map((position) => position % bytes.length).sort((a, b) => a - b), bytes.length];
  return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}

const WHOLE: Readonly<Record<Wire, MeteredUsage>> = {
  anthropic: {
    usage: { input: 12, cacheRead: 900, cacheWrite: 300, output: 55, reasoning: 0 },
    longCacheWrite: 200,
    model: "claude-sonnet-4-5",
    completeness: "whole",
    outputBytes: SAMPLE_TEXT_BYTES,
  },
  openai_responses: {
    usage: { input: 12, cacheRead: 900, cacheWrite: 300, output: 55, reasoning: 20 },
    longCacheWrite: 0,
    model: "gpt-5.2",
    completeness: "whole",
    outputBytes: SAMPLE_TEXT_BYTES,
  },
  openai_chat: {
    usage: { input: 12, cacheRead: 900, cacheWrite: 300, output: 55, reasoning: 20 },
    longCacheWrite: 0,
    model: "gpt-5.2",
    completeness: "whole",
    outputBytes: SAMPLE_TEXT_BYTES,
  },
  gemini: {
    usage: { input: 107, cacheRead: 900, cacheWrite: 0, output: 55, reasoning: 20 },
    longCacheWrite: 0,
    model: "gemini-3-pro",
    completeness: "whole",
    outputBytes: SAMPLE_TEXT_BYTES,
  },
};

/** Ways in which servers write the same events. */
const WRITINGS: Readonly<Record<string, (stream: string) => string>> = {
  "as providers write them": (stream) => stream,
  "with CRLF": (stream) => stream.replaceAll("\n", "\r\n"),
  "with CR alone": (stream) => stream.replaceAll("\n", "\r"),
  "without the space after the colon": (stream) => stream.replaceAll("data: ", "data:"),
  "with comments, names and ids between": (stream) => stream.replaceAll("data: ", ": ping\n\nevent: x\nid: 7\ndata: "),
  "with data on several lines": (stream) => stream.replaceAll(/\{(?=")/g, "{\ndata:  "),
  "without the last empty line": (stream) => stream.trimEnd(),
};

for (const wire of WIRES) {
  suite(`usage of a ${wire} stream`, () => {
    const stream = SAMPLE_STREAMS[wire].join("");

    for (const [how, write] of Object.entries(WRITINGS)) {
      test(`is read whole from events ${how}, however they are cut`, () => {
        const bytes = Buffer.from(write(stream));
        fc.assert(
          fc.property(fc.array(fc.nat(), { maxLength: 40 }), (positions) => {
            assert.deepEqual(read(wire, STREAM, cutAt(bytes, positions)), WHOLE[wire]);
          }),
          { numRuns: 50 },
        );
      });
    }

    test("is read whole from single bytes", () => {
      const bytes = [...Buffer.from(stream)].map((byte) => Buffer.of(byte));
      assert.deepEqual(read(wire, STREAM, bytes), WHOLE[wire]);
    });

    test("is partial where the stream is cut before the counts are complete", () => {
      const [first = ""] = SAMPLE_STREAMS[wire];
      const { completeness, usage } = readText(wire, STREAM, first, false);
      assert.equal(completeness, "partial");
      assert.equal(usage.cacheRead, wire === "anthropic" || wire === "gemini" ? 900 : 0);
    });

    test("is partial where the stream breaks off in an event, though the connection ended well", () => {
      const [first = ""] = SAMPLE_STREAMS[wire];
      assert.equal(readText(wire, STREAM, `${first}data: {"type": "content_bl\n\n`).completeness, "partial");
    });

    test("is none for an error, an answer without usage and an empty answer", () => {
      const error = JSON.stringify({ type: "error", error: { message: "no" } });
      for (const [contentType, text] of [
        [STREAM, toEvent(error)],
        [STREAM, ""],
        [JSON_BODY, error],
        [JSON_BODY, ""],
        ["text/html", "<html><style>p { color: red }</style>"],
        [JSON_BODY, '{"usage":null,"usageMetadata":null}'],
        [JSON_BODY, '{"usage":{},"usageMetadata":{}}'],
      ] as const) {
        assert.equal(readText(wire, contentType, text).completeness, "none", text);
      }
    });

    test("survives an event that is too long, without keeping it", () => {
      const [first = "", ...others] = SAMPLE_STREAMS[wire];
      const reader = WIRE_ADAPTERS[wire].createUsageReader(STREAM);
      reader.push(Buffer.from(`${first}data: {"text":"`));
      const before = process.memoryUsage().arrayBuffers;
      const filling = Buffer.alloc(WHOLE_MIB, "x");
      for (let sent = 0; sent < 50; sent += 1) reader.push(filling);
      assert.ok(process.memoryUsage().arrayBuffers - before < 20 * WHOLE_MIB);
      reader.push(Buffer.from(`"}\n\n${others.join("")}`));
      assert.deepEqual(reader.finish(true), WHOLE[wire]);
    });

    test("never throws and stays within bounds, whatever comes", () => {
      const hostile = fc.oneof(
        fc.uint8Array({ maxLength: 200 }),
        fc.json().map((json) => Buffer.from(toEvent(json))),
        fc.json().map((json) => Buffer.from(toEvent(`{"usage":{"a":${json}},"usageMetadata":{"a":${json}}}`))),
        fc.constantFrom(...SAMPLE_STREAMS[wire]).map((event) => Buffer.from(event)),
        fc.constantFrom("data:", "\r", "\n", "{", "}", '"', "\\", "data: [DONE]\n\n").map((text) => Buffer.from(text)),
      );
      fc.assert(
        fc.property(fc.array(hostile, { maxLength: 12 }), fc.boolean(), fc.boolean(), (chunks, isStream, ended) => {
          const { usage, longCacheWrite } = read(wire, isStream ? STREAM : JSON_BODY, chunks, ended);
          for (const count of [...Object.values(usage), longCacheWrite]) {
            assert.ok(Number.isInteger(count) && count >= 0 && count <= MAX_TOKENS);
          }
        }),
        { numRuns: 200 },
      );
    });
  });
}

/** A usage of each wire with all of its counts set to the same value. */
const ALL_COUNTS: Readonly<Record<Wire, (count: unknown) => unknown>> = {
  anthropic: (count) => ({
    type: "message",
    usage: {
      input_tokens: count,
      cache_read_input_tokens: count,
      cache_creation_input_tokens: count,
      cache_creation: { ephemeral_1h_input_tokens: count },
      output_tokens: count,
    },
  }),
  openai_responses: (count) => ({
    usage: { input_tokens: count, input_tokens_details: { cached_tokens: count }, output_tokens: count },
  }),
  openai_chat: (count) => ({
    usage: { prompt_tokens: count, prompt_tokens_details: { cached_tokens: count }, completion_tokens: count },
  }),
  gemini: (count) => ({
    usageMetadata: { promptTokenCount: count, cachedContentTokenCount: count, candidatesTokenCount: count },
  }),
};

for (const wire of WIRES) {
  for (const { written, expected } of [
    { written: "-5", expected: 0 },
    { written: "1e300", expected: MAX_TOKENS },
    { written: "1e999", expected: MAX_TOKENS },
    { written: "12.4", expected: 12 },
    { written: '"12"', expected: 0 },
    { written: "[12]", expected: 0 },
  ]) {
    test(`a count of ${written} is ${expected} over ${wire}`, () => {
      const body = JSON.stringify(ALL_COUNTS[wire]("COUNT")).replaceAll('"COUNT"', written);
      const { usage } = readText(wire, JSON_BODY, body);
      assert.equal(usage.output, expected);
      assert.equal(usage.cacheRead, expected);
    });
  }
}

const CASES: readonly {
  readonly name: string;
  readonly wire: Wire;
  readonly contentType: string;
  readonly text: string;
  readonly expected: Partial<MeteredUsage>;
}[] = [
  {
    name: "a text that quotes usage is not usage",
    wire: "anthropic",
    contentType: STREAM,
    text:
      toEvent({ type: "message_start", message: { model: "m", usage: { input_tokens: 3, output_tokens: 1 } } }) +
      toEvent({
        type: "content_block_delta",
        delta: { type: "input_json_delta", partial_json: '{"usage":{"output_tokens":9}}' },
      }),
    expected: {
      usage: { input: 3, cacheRead: 0, cacheWrite: 0, output: 1, reasoning: 0 },
      completeness: "partial",
      outputBytes: 33,
    },
  },
  {
    name: "of several deltas the last one counts, and null does not erase",
    wire: "anthropic",
    contentType: STREAM,
    text:
      toEvent({ type: "message_start", message: { usage: { input_tokens: 3, output_tokens: 1 } } }) +
      toEvent({ type: "message_delta", delta: {}, usage: { input_tokens: 40, output_tokens: 7 } }) +
      toEvent({
        type: "message_delta",
        delta: { stop_reason: "end_turn" },
        usage: { input_tokens: null, output_tokens: 9, output_tokens_details: { thinking_tokens: 4 } },
      }),
    expected: { usage: { input: 40, cacheRead: 0, cacheWrite: 0, output: 9, reasoning: 4 }, completeness: "whole" },
  },
  {
    name: "a compaction, which the counts at the top leave out, is added",
    wire: "anthropic",
    contentType: JSON_BODY,
    text: JSON.stringify({
      type: "message",
      usage: {
        input_tokens: 23,
        output_tokens: 10,
        iterations: [
          { type: "compaction", input_tokens: 180, output_tokens: 3, cache_read_input_tokens: 5 },
          { type: "message", input_tokens: 23, output_tokens: 10 },
        ],
      },
    }),
    expected: { usage: { input: 203, cacheRead: 5, cacheWrite: 0, output: 13, reasoning: 0 }, completeness: "whole" },
  },
  {
    name: "cache writes are counted by lifetime where the sum is missing",
    wire: "anthropic",
    contentType: JSON_BODY,
    text: '{"type":"message","usage":{"cache_creation":{"ephemeral_5m_input_tokens":4,"ephemeral_1h_input_tokens":6}}}',
    expected: { usage: { input: 0, cacheRead: 0, cacheWrite: 10, output: 0, reasoning: 0 }, longCacheWrite: 6 },
  },
  ...(["incomplete", "failed"] as const).map((status) => ({
    name: `a response that is ${status} has its usage`,
    wire: "openai_responses" as const,
    contentType: STREAM,
    text: toEvent({ type: `response.${status}`, response: { status, usage: { input_tokens: 9, output_tokens: 2 } } }),
    expected: {
      usage: { input: 9, cacheRead: 0, cacheWrite: 0, output: 2, reasoning: 0 },
      completeness: "whole" as const,
    },
  })),
  {
    name: "cached tokens are at most the prompt",
    wire: "openai_chat",
    contentType: JSON_BODY,
    text: '{"usage":{"prompt_tokens":5,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":9,"cache_write_tokens":9}}}',
    expected: { usage: { input: 0, cacheRead: 5, cacheWrite: 0, output: 1, reasoning: 0 } },
  },
  {
    name: "reasoning that only the total counts is output",
    wire: "openai_chat",
    contentType: JSON_BODY,
    text: '{"usage":{"prompt_tokens":5,"completion_tokens":1,"total_tokens":16,"completion_tokens_details":{"reasoning_tokens":10}}}',
    expected: { usage: { input: 5, cacheRead: 0, cacheWrite: 0, output: 11, reasoning: 10 } },
  },
  {
    name: "a whole completion is whole, though it does not say why it finished",
    wire: "openai_chat",
    contentType: JSON_BODY,
    text: '{"usage":{"prompt_tokens":5,"completion_tokens":1},"choices":[{"message":{"content":"a\\"}{"}}]}',
    expected: {
      usage: { input: 5, cacheRead: 0, cacheWrite: 0, output: 1, reasoning: 0 },
      completeness: "whole",
      outputBytes: 5,
    },
  },
  {
    name: "text within a tool's arguments counts once",
    wire: "anthropic",
    contentType: JSON_BODY,
    text: '{"content":[{"type":"tool_use","input":{"text":"abc"}}],"usage":{"input_tokens":5,"output_tokens":1}}',
    expected: {
      usage: { input: 5, cacheRead: 0, cacheWrite: 0, output: 1, reasoning: 0 },
      completeness: "whole",
      outputBytes: 12,
    },
  },
  {
    name: "usage in every chunk is partial until the answer finishes",
    wire: "openai_chat",
    contentType: STREAM,
    text: toEvent({ choices: [{ delta: { content: "a" } }], usage: { prompt_tokens: 5, completion_tokens: 1 } }),
    expected: {
      usage: { input: 5, cacheRead: 0, cacheWrite: 0, output: 1, reasoning: 0 },
      completeness: "partial",
      outputBytes: 1,
    },
  },
  {
    name: "an array of Gemini's pieces, pretty-printed, is a stream",
    wire: "gemini",
    contentType: JSON_BODY,
    text: JSON.stringify(
      SAMPLE_STREAMS.gemini.map((event) => JSON.parse(event.slice("data: ".length)) as unknown),
      undefined,
      2,
    ),
    expected: WHOLE.gemini,
  },
  {
    name: "an array of Gemini's pieces that was cut is counted up to the cut",
    wire: "gemini",
    contentType: JSON_BODY,
    text: `[${SAMPLE_STREAMS.gemini[0]?.slice("data: ".length)}, {"candidates": [{"con`,
    expected: {
      usage: { input: 100, cacheRead: 900, cacheWrite: 0, output: 0, reasoning: 0 },
      completeness: "partial",
    },
  },
];

for (const { name, wire, contentType, text, expected } of CASES) {
  test(`${wire}: ${name}, however the bytes are cut`, () => {
    const bytes = Buffer.from(text);
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 20 }), (positions) => {
        assert.partialDeepStrictEqual(read(wire, contentType, cutAt(bytes, positions)), expected);
      }),
      { numRuns: 30 },
    );
  });
}

test("an array whose item holds brackets and escaped quotes is split between the items", () => {
  const [first, last] = SAMPLE_STREAMS.gemini.map((event) => event.slice("data: ".length).trim());
  const tricky = JSON.stringify({ candidates: [{ content: { parts: [{ text: '}]{"\\"[' }] } }] });
  const bytes = Buffer.from(`[${first},\n${tricky},${last}]`);
  fc.assert(
    fc.property(fc.array(fc.nat(), { maxLength: 40 }), (positions) => {
      const { usage, completeness } = read("gemini", JSON_BODY, cutAt(bytes, positions));
      assert.deepEqual({ usage, completeness }, { usage: WHOLE.gemini.usage, completeness: "whole" });
    }),
  );
});

test("a body above 16 MiB is partial", () => {
  const body = ['{"usage":{"prompt_tokens":5},"text":"', "x".repeat(17 * WHOLE_MIB), '"}'].map((part) =>
    Buffer.from(part),
  );
  assert.equal(read("openai_chat", JSON_BODY, body).completeness, "partial");
});

test("a model's name is cut to 256 characters", () => {
  const { model } = readText("openai_chat", JSON_BODY, JSON.stringify({ model: "m".repeat(1000) }));
  assert.equal(model?.length, 256);
});
