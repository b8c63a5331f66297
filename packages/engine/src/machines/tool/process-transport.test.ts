import assert from "node:assert/strict";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { CloisterError } from "@cloister/core";
import { isAlive } from "../../process/index.ts";
import { pass, until } from "../../process/testing/until.ts";
import { processTransport } from "./process-transport.ts";

const env = { PATH: process.env["PATH"] ?? "" };
const start = (script: string) => processTransport("sh", ["-c", script], { env });

test("bytes go to a process and come back, however slowly they are read", async () => {
  const { stream, close } = start("cat");
  const sent = "x".repeat(3_000_000);
  stream.end(sent);
  assert.equal(await text(stream), sent);
  await close();
});

test("a reader that comes long after the end of the process still gets all of it", async () => {
  const { stream, close } = start("echo $$; exec printf '%0120000d' 7");
  const [line] = (await once(stream, "data")) as [Buffer];
  stream.pause();
  const pid = Number.parseInt(line.toString(), 10);
  await until("the process has ended", () => !isAlive(pid));
  await pass(700); // Longer than the last output may take where nobody holds it up.
  assert.equal(line.length + (await text(stream)).length, `${pid}\n`.length + 120_000);
  await close();
});

test("a process that fails ends the stream with what it said", async () => {
  const { stream, close } = start("echo 'no such container' >&2; exit 125");
  await assert.rejects(text(stream), (error: unknown) => {
    assert.ok(CloisterError.isInstance(error));
    assert.match(error.message, /it ended with 125: no such container/);
    return true;
  });
  await close();
});

test("a process that fails for a reason which its starter knows ends the stream with that; one that succeeds does not", async () => {
  const whyEnded = () => new Error("it was too greedy");
  const failed = processTransport("sh", ["-c", "echo 'killed' >&2; exit 128"], { env, whyEnded });
  await assert.rejects(text(failed.stream), { message: "it was too greedy" });
  await failed.close();
  const succeeded = processTransport("sh", ["-c", "echo done"], { env, whyEnded });
  assert.equal(await text(succeeded.stream), "done\n");
  await succeeded.close();
});

test("a program that is not installed ends the stream with machine_unavailable", async () => {
  const { stream, close } = processTransport("cloister-no-such-tool", [], { env });
  await assert.rejects(text(stream), { code: "machine_unavailable" });
  await close();
});

test("closing ends the input of the process, and the process with it", { timeout: 5000 }, async () => {
  const { stream, close } = start("echo up; cat; exit 0");
  await once(stream, "data");
  await Promise.all([close(), close()]);
  assert.equal(stream.destroyed, true);
});

test("closing kills a process that stays, with what it started", { timeout: 10_000 }, async () => {
  const { stream, close } = start("trap '' TERM; sleep 60 & echo $!; wait; sleep 60");
  const [line] = (await once(stream, "data")) as [Buffer];
  await close();
  await until("what it started has ended", () => !isAlive(Number(line.toString())));
});
