import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { AgentEvent } from "@cloister/core";
import * as fc from "fast-check";
import { type Subject, textsOf, withoutTime } from "./subject.ts";

const MEBIBYTE = 1024 * 1024;
const LONG_LINE_MEBIBYTES = 50;
/** Well below the long line, well above what reading in pieces takes. */
const MOST_HELD_BYTES = 24 * MEBIBYTE;

/** Tests what an adapter makes of an output that is cut off, mixed with garbage, made up or without end. */
export function testHostileOutput(subject: Subject): void {
  const { read, hear, isStructured } = subject;
  void test("throws nothing on any bytes", () => testFuzz(subject));
  void test("goes on after a line of 50 MB, and does not hold it", () => testLongLine(subject));
  if (!isStructured) return;
  void test("says that the last line is cut off, and takes no word from it", async () => {
    const bytes = read("completes").subarray(0, -20);
    const events = await hear([bytes]);
    const unreadable = events.filter((event) => event.type === "unreadable");
    assert.deepEqual(
      unreadable.map((event) => event.reason),
      ["truncated"],
    );
    assert.ok(!events.some((event) => event.type === "finished"));
  });
  void test("counts what is not JSON, and reads on", async () => {
    const bytes = read("completes");
    const garbage = Buffer.from([0x57, 0xff, 0xfe, 0x0a, 0x7b, 0x0a, 0x34, 0x32, 0x0a, 0x0a]);
    const events = await hear([garbage, bytes]);
    assert.deepEqual(
      events.slice(0, 3).map((event) => event.type),
      ["unreadable", "unreadable", "unreadable"],
    );
    assert.deepEqual(withoutTime(events.slice(3)), withoutTime(await hear([bytes])));
  });
}

/** Feeds lines of recordings in which values were replaced by others, and plain noise. */
async function testFuzz({ hear, read, recordings }: Subject): Promise<void> {
  const lines = Object.keys(recordings).flatMap((name) =>
    read(name)
      .toString("utf8")
      .split("\n")
      .filter((line) => line !== ""),
  );
  const values = fc.constantFrom(
    "null",
    "-1",
    "1e308",
    "[]",
    "{}",
    '"x"',
    "true",
    '[null,{"type":"text"}]',
    '{"type":1}',
  );
  const damaged = fc
    .tuple(fc.constantFrom(...lines), fc.nat({ max: 5000 }), values)
    .map(([line, place, value]) => Buffer.from(`${replaceValue(line, place, value)}\n`));
  const noise = fc.uint8Array({ maxLength: 200 });
  const anything = fc.json({ maxDepth: 4 }).map((json) => Buffer.from(`${json}\n`));
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof({ weight: 3, arbitrary: damaged }, noise, anything), { maxLength: 30 }),
      async (chunks) => {
        for (const event of await hear(chunks)) assertSound(event);
      },
    ),
    { numRuns: 200 },
  );
}

/** Replaces the value behind the colon that follows `place`, be the outcome JSON or not. */
function replaceValue(line: string, place: number, value: string): string {
  const colon = line.indexOf(":", place % line.length);
  const end = /[,}\]]/.exec(line.slice(colon))?.index ?? 1;
  return colon === -1 ? value : `${line.slice(0, colon + 1)}${value}${line.slice(colon + end)}`;
}

function assertSound(event: AgentEvent): void {
  if (event.type === "usage") {
    for (const count of Object.values(event.usage)) assert.ok(Number.isSafeInteger(count) && count >= 0, `${count}`);
    if (event.cost !== undefined) assert.ok(event.cost >= 0 && Number.isFinite(event.cost));
  }
  if (event.type === "tool_called" || event.type === "tool_finished") assert.ok(event.summary.length <= 200);
  if (event.type === "failed" || event.type === "retrying") assert.ok(event.message.length <= 1000);
  if (event.type === "failed" && event.resetAt !== undefined) assert.ok(Number.isSafeInteger(event.resetAt));
}

async function testLongLine({ hear, read, isStructured }: Subject): Promise<void> {
  const recording = read("completes");
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  let heldBytes = 0;
  function* chunks(): Generator<Buffer> {
    collect();
    const before = process.memoryUsage().arrayBuffers;
    for (let mebibytes = 0; mebibytes < LONG_LINE_MEBIBYTES; mebibytes += 1) {
      yield Buffer.alloc(MEBIBYTE, "x");
      if (mebibytes % 10 === 9) {
        collect();
        heldBytes = Math.max(heldBytes, process.memoryUsage().arrayBuffers - before);
      }
    }
    yield Buffer.from("\n");
    yield recording;
  }
  const events = await hear(chunks());
  assert.ok(heldBytes < MOST_HELD_BYTES, `held ${heldBytes} bytes`);
  if (isStructured) {
    const dropped = { type: "unreadable", bytes: LONG_LINE_MEBIBYTES * MEBIBYTE, reason: "line_too_long" };
    assert.deepEqual(events[0], dropped);
    assert.deepEqual(withoutTime(events.slice(1)), withoutTime(await hear([recording])));
  } else {
    const [message = ""] = textsOf(events);
    const [end = "nothing"] = textsOf(await hear([recording]));
    assert.ok(message.length <= 64 * 1024 && message.endsWith(end));
  }
}
