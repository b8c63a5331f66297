import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { CloisterError } from "@cloister/core";
import { assert as assertProperty, asyncProperty, oneof, uint8Array } from "fast-check";
import { encodeFields, type Field } from "./fields.ts";
import { encodeFrame } from "./frames.ts";
import type { GuestConnection } from "./port.ts";
import { hostileFrames } from "./testing/hostile-frames.ts";
import { usedMemory } from "./testing/processes.ts";
import { connectScripted } from "./testing/scripted-guest.ts";
import { FRAME, GUEST_MAGIC, INITIAL_CREDIT, KIND, TAG } from "./wire.ts";

const isFailure = (error: unknown): boolean => CloisterError.isInstance(error) && error.code === "machine_failed";

/** Waits for a promise, and says whether it failed as it may. */
async function settled(promise: Promise<unknown>): Promise<void> {
  await promise.catch((error: unknown) => assert.ok(isFailure(error), String(error)));
}

async function readAll(source: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const bytes of source) assert.ok(bytes.length <= 65_536);
}

/** One of everything that a host can ask for. */
function askForEverything(guest: GuestConnection): readonly Promise<unknown>[] {
  const running = guest.exec({ argv: ["true"], env: {}, stdin: "open" });
  const file = (async function* file(): AsyncGenerator<Uint8Array> {
    yield Buffer.alloc(2 * INITIAL_CREDIT);
  })();
  return [
    running.exit,
    running.pid,
    readAll(running.stdout),
    readAll(running.stderr),
    running.write(Buffer.alloc(100_000)),
    guest.putFile("/tmp/x", file),
    readAll(guest.getFile("/tmp/x", { maxBytes: 1_000_000 })),
    guest.listen(3128, (stream) => void stream.resume().end()),
    guest.connect(80).then((stream) => stream.resume().end("x")),
    guest.health(),
    guest.ping(),
  ];
}

test("whatever a guest sends, everything settles, with typed errors and within bounds", async () => {
  await assertProperty(
    asyncProperty(
      oneof({ weight: 5, arbitrary: hostileFrames }, { weight: 1, arbitrary: uint8Array({ maxLength: 300 }) }),
      async (bytes) => {
        const { guest, say, hangUp } = await connectScripted();
        const asked = askForEverything(guest).map(settled);
        say(bytes);
        hangUp();
        await Promise.all(asked);
        const reason = await guest.closed;
        assert.ok(reason === undefined || isFailure(reason));
        await guest[Symbol.asyncDispose]();
      },
    ),
    { numRuns: 300 },
  );
});

test("whatever a guest says first, it is a hello or a typed error", async () => {
  await assertProperty(
    asyncProperty(hostileFrames, async (bytes) => {
      const connecting = connectScripted(Buffer.concat([bytes, encodeFrame(99, 0)])).then(({ guest }) =>
        guest[Symbol.asyncDispose](),
      );
      await settled(connecting);
    }),
    { numRuns: 100 },
  );
});

const exec = 3; // The first stream of a session.
function answer(type: number, stream: number, fields: readonly Field[]): Buffer {
  return encodeFrame(type, stream, encodeFields(fields));
}
function data(channel: number, size: number): Buffer {
  return encodeFrame(FRAME.DATA, exec, Buffer.of(channel), Buffer.alloc(size));
}
const breaches: readonly (readonly [name: string, bytes: Buffer])[] = [
  ["a frame that is too long", Buffer.of(1, 0, 1, 0, FRAME.DATA, exec, 0, 0, 0)],
  ["a frame for no stream", encodeFrame(FRAME.DATA, 77, Buffer.of(0, 1))],
  ["a frame of no type", encodeFrame(200, exec)],
  ["a second hello", encodeFrame(FRAME.HELLO, 0)],
  ["another preamble", Buffer.concat([GUEST_MAGIC, Buffer.alloc(16)])],
  ["data beyond its credit", Buffer.concat(Array.from({ length: 5 }, () => data(0, 60_000)))],
  ["data of no bytes", data(0, 0)],
  ["data on a channel that there is not", data(2, 1)],
  ["data after its end", Buffer.concat([encodeFrame(FRAME.END, exec, Buffer.of(0)), data(0, 1)])],
  ["two ends", Buffer.concat([encodeFrame(FRAME.END, exec, Buffer.of(1)), encodeFrame(FRAME.END, exec, Buffer.of(1))])],
  ["a frame without a channel", encodeFrame(FRAME.DATA, exec)],
  ["boundless credit", encodeFrame(FRAME.CREDIT, exec, Buffer.of(0, 255, 255, 255, 255))],
  ["malformed credit", encodeFrame(FRAME.CREDIT, exec, Buffer.of(0, 1))],
  ["ready twice", Buffer.concat([answer(FRAME.READY, exec, []), answer(FRAME.READY, exec, [])])],
  ["two results", Buffer.concat([answer(FRAME.RESULT, exec, []), answer(FRAME.RESULT, exec, [])])],
  ["closed without a result", encodeFrame(FRAME.CLOSED, exec)],
  ["a malformed field", encodeFrame(FRAME.RESULT, exec, Buffer.of(1, 255, 255, 255, 255))],
  ["a field that is no field", encodeFrame(FRAME.RESULT, exec, Buffer.of(1, 2))],
  ["a request to the host", encodeFrame(FRAME.OPEN, 2, Buffer.of(KIND.EXEC, 0))],
  ["a stream with a number of ours", encodeFrame(FRAME.OPEN, 5, Buffer.of(KIND.ACCEPTED, 0))],
  [
    "a connection that nobody listens for",
    encodeFrame(FRAME.OPEN, 2, Buffer.of(KIND.ACCEPTED, 0), encodeFields([[TAG.LISTENER, exec]])),
  ],
];
suite("a breach ends the connection with a typed error:", () => {
  for (const [name, bytes] of breaches)
    test(name, async () => {
      const { guest, say } = await connectScripted();
      const running = guest.exec({ argv: ["true"], env: {} });
      say(bytes);
      assert.equal((await running.exit).cause === "lost" || name === "two results", true);
      const reason = await guest.closed;
      assert.ok(isFailure(reason));
      assert.match(String(reason), /broke the protocol/);
      await assert.rejects(guest.ping(), isFailure);
    });
});

test("what a guest says of an end is left out where it can't be", async () => {
  const { guest, say } = await connectScripted();
  const running = guest.exec({ argv: ["true"], env: {} });
  say(
    answer(FRAME.RESULT, exec, [
      [TAG.CAUSE, 77],
      [TAG.CODE, 1000],
      [TAG.SIGNAL, "rm -rf"],
      [TAG.ERROR, `bad\u001B[2J\u202E${"x".repeat(10_000)}`],
    ]),
  );
  const { error = "", ...end } = await running.exit;
  assert.deepEqual(end, { cause: "lost", code: null, signal: null, survivors: 0 });
  assert.ok(error.length <= 256 && error.startsWith("bad\u{FFFD}[2J\u{FFFD}x"), error);
});

test("what a guest does not say of its health is none, as from an agent that is older", async () => {
  const { guest, say } = await connectScripted();
  const asked = guest.health();
  say(answer(FRAME.RESULT, exec, [[TAG.PROCESSES, 7]]));
  assert.deepEqual(await asked, {
    uptimeMs: 0,
    memoryTotalKib: 0,
    memoryAvailableKib: 0,
    processes: 7,
    oomKills: 0,
  });
  await guest[Symbol.asyncDispose]();
});

for (const [name, value] of [
  ["text", "many"],
  ["larger than any count", Buffer.alloc(8, 0xff)],
] as const)
  test(`health that is ${name} ends the connection: nobody watches the machine without`, async () => {
    const { guest, say } = await connectScripted();
    const asked = guest.health({ waits: true });
    say(answer(FRAME.RESULT, exec, [[TAG.OOM_KILLS, value]]));
    await assert.rejects(asked, isFailure);
    assert.match(String(await guest.closed), /broke the protocol/);
  });

test("a guest that has us keep tiny pieces can't have us keep what they came in", async () => {
  const { guest, say } = await connectScripted();
  const running = guest.exec({ argv: ["true"], env: {} });
  const before = usedMemory();
  // A byte of data in each 32 KiB of frames that mean nothing, 2000 times: 64 MB went by.
  const idle = encodeFrame(FRAME.CREDIT, exec, Buffer.of(0, 0, 0, 0, 0));
  const chunk = Buffer.concat([data(0, 1), ...Array.from({ length: 2300 }, () => idle)]);
  for (let index = 0; index < 2000; index++) {
    say(Buffer.from(chunk));
    if (index % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await new Promise((resolve) => setImmediate(resolve));
  const kept = usedMemory() - before;
  assert.ok(kept < 16_000_000, `expected less than 16 of 64 MB, got ${kept}`);
  await guest[Symbol.asyncDispose]();
  assert.equal((await running.exit).cause, "lost");
});
