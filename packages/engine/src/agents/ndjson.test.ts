import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { type NdjsonItem, readNdjson } from "./ndjson.ts";
import { MAX_LINE_BYTES } from "./port.ts";

async function* feed(chunks: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

async function readAll(chunks: Iterable<Uint8Array>, maxLineBytes?: number): Promise<NdjsonItem[]> {
  const items: NdjsonItem[] = [];
  for await (const item of readNdjson(feed(chunks), maxLineBytes)) items.push(item);
  return items;
}

const CASES: readonly {
  readonly name: string;
  readonly input: string | Buffer;
  readonly items: readonly NdjsonItem[];
}[] = [
  { name: "nothing gives nothing", input: "", items: [] },
  { name: "blank lines are skipped", input: "\n \r\n\n", items: [] },
  { name: "one line is one value", input: '{"a":1}\n', items: [{ type: "value", value: { a: 1 }, bytes: 7 }] },
  {
    name: "a carriage return is no part of the value",
    input: "[1]\r\n",
    items: [{ type: "value", value: [1], bytes: 4 }],
  },
  {
    name: "a whole last line counts without its line feed",
    input: "1\n2",
    items: [
      { type: "value", value: 1, bytes: 1 },
      { type: "value", value: 2, bytes: 1 },
    ],
  },
  {
    name: "a cut last line is truncated",
    input: '{"a":',
    items: [{ type: "unreadable", bytes: 5, reason: "truncated" }],
  },
  {
    name: "a line that is not JSON is passed over",
    input: "oops\n1\n",
    items: [
      { type: "unreadable", bytes: 4, reason: "not_json" },
      { type: "value", value: 1, bytes: 1 },
    ],
  },
  {
    name: "invalid UTF-8 is replaced",
    input: Buffer.from([0x22, 0xff, 0x22, 0x0a]),
    items: [{ type: "value", value: "\ufffd", bytes: 3 }],
  },
  {
    name: "a line as long as allowed is read",
    input: '"12345678"\n',
    items: [{ type: "value", value: "12345678", bytes: 10 }],
  },
  {
    name: "a longer line is dropped, and the next is read",
    input: '"123456789"\n1\n',
    items: [
      { type: "unreadable", bytes: 11, reason: "line_too_long" },
      { type: "value", value: 1, bytes: 1 },
    ],
  },
  {
    name: "a longer last line is dropped",
    input: '"123456789"',
    items: [{ type: "unreadable", bytes: 11, reason: "line_too_long" }],
  },
];

describe("readNdjson", () => {
  for (const { name, input, items } of CASES) {
    test(name, async () => {
      assert.deepEqual(await readAll([Buffer.from(input)], 10), items);
    });
  }

  test("gives the same whatever the chunks", async () => {
    const line = fc.oneof(fc.json(), fc.string({ unit: "binary" }), fc.constantFrom("", "\r", '"äöü€😀"', '{"a":'));
    const bytes = fc.array(line, { maxLength: 12 }).map((lines) => Buffer.from(lines.join("\n")));
    const noise = fc.uint8Array({ maxLength: 60 }).map((noisy) => Buffer.from(noisy));
    const cuts = fc.array(fc.nat({ max: 200 }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(fc.oneof(bytes, noise), cuts, async (input, at) => {
        const edges = [0, ...at.map((cut) => Math.min(cut, input.length)).toSorted((a, b) => a - b), input.length];
        const chunks = edges.slice(1).map((edge, index) => input.subarray(edges[index], edge));
        assert.deepEqual(await readAll(chunks, 40), await readAll([input], 40));
      }),
      { numRuns: 300 },
    );
  });

  test("reads the longest line that is allowed in time that grows with its length", { timeout: 10_000 }, async () => {
    const text = Buffer.from(`"${"x".repeat(MAX_LINE_BYTES - 2)}"\n`);
    const chunks = Array.from({ length: Math.ceil(text.length / 100) }, (_, index) =>
      text.subarray(index * 100, index * 100 + 100),
    );
    const [item] = await readAll(chunks);
    assert.equal(item?.type, "value");
    assert.equal(item.bytes, MAX_LINE_BYTES);
  });
});
