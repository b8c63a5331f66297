import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { start, textOf } from "./testing/start.ts";
import { pass } from "./testing/until.ts";

const MB = 1024 * 1024;

test("200 MB reach a slow reader whole, in bounded memory", { timeout: 60_000 }, async () => {
  const expected = createHash("sha256")
    .update(Buffer.alloc(200 * MB, "abcdefghijklmno\n"))
    .digest("hex");
  const before = process.memoryUsage().rss;
  let most = 0;
  const hash = createHash("sha256");
  let chunks = 0;
  for await (const chunk of start("yes abcdefghijklmno | head -c 209715200").stdout) {
    hash.update(chunk);
    chunks += 1;
    if (chunks % 16 === 0) await nextTurn();
    most = Math.max(most, process.memoryUsage().rss - before);
  }
  assert.equal(hash.digest("hex"), expected);
  assert.ok(most < 64 * MB, `grew by ${most} bytes`);
});

test("a line of 50 MB comes whole", { timeout: 30_000 }, async () => {
  const text = await textOf(start("head -c 52428800 /dev/zero | tr '\\0' x; echo").stdout);
  assert.equal(text.length, 50 * MB + 1);
  assert.ok(text.endsWith("x\n"));
});

test("a reader that comes long after the process has ended gets every byte", async () => {
  const running = start("seq 3000; seq 300 >&2; exit 1");
  assert.equal((await running.exit).code, 1);
  await pass(600); // Longer than the silence after which an output counts as complete.
  const lines = (count: number): string => Array.from({ length: count }, (_, index) => `${index + 1}\n`).join("");
  assert.equal(await textOf(running.stdout), lines(3000));
  assert.equal(await textOf(running.stderr), lines(300));
});

test("a reader that is slow after the end gets what the kernel still holds", async () => {
  const running = start("head -c 150000 /dev/zero");
  let length = 0;
  for await (const chunk of running.stdout) {
    length += chunk.byteLength;
    if (length < 100_000) {
      await running.exit;
      await pass(300);
    }
  }
  assert.equal(length, 150_000);
});
