import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { CloisterError } from "@cloister/core";
import { isAlive } from "../../process/index.ts";
import { until } from "../../process/testing/until.ts";
import { runTool, type ToolOptions } from "./run-tool.ts";

const env = { PATH: process.env["PATH"] ?? "" };
const shell = (script: string, options: Omit<ToolOptions, "env"> = {}) =>
  runTool("sh", ["-c", script], { env, ...options });

test("a tool's answer holds its exit code and what it wrote", async () => {
  const answer = await shell("echo out; echo err >&2; exit 3", { allow: [3] });
  assert.deepEqual(answer, { code: 3, stdout: "out\n", stderr: "err\n" });
});

test("input comes as text, bytes or a stream", async () => {
  async function* pieces(): AsyncGenerator<Uint8Array> {
    yield Buffer.from("a");
    yield Buffer.from("b");
  }
  for (const input of ["ab", Buffer.from("ab"), pieces()]) assert.equal((await shell("cat", { input })).stdout, "ab");
});

test("a tool that does not read its input is no failure", async () => {
  assert.equal((await shell("exec 0<&-; echo done", { input: "x".repeat(1_000_000) })).stdout, "done\n");
});

const failures: readonly (readonly [name: string, script: string, options: Omit<ToolOptions, "env">, words: RegExp])[] =
  [
    ["an exit code", "echo why >&2; exit 7", {}, /^Expected sh to succeed, but it ended with 7: why\.$/],
    ["a signal", "kill -9 $$", {}, /SIGKILL ended it: it said nothing/],
    ["its time", "sleep 60", { timeLimitMs: 50 }, /it did not end in time/],
    ["its time, deaf to TERM", "trap '' TERM; sleep 60 & wait; sleep 60", { timeLimitMs: 50 }, /did not end in time/],
    ["its size", "yes", { maxBytes: 10_000 }, /it wrote more than 10000 bytes/],
    ["terminal codes in its words", String.raw`printf 'a\033[2Jb' >&2; exit 1`, {}, /: a\?\[2Jb\.$/],
    ["more words than anybody reads", "yes word | head -n 100000 >&2; exit 1", {}, /^.{100,2100}$/s],
  ];

for (const [name, script, options, words] of failures) {
  test(`a tool fails by ${name}: machine_failed, with its own words`, { timeout: 10_000 }, async () => {
    await assert.rejects(shell(script, options), (error: unknown) => {
      assert.ok(CloisterError.isInstance(error));
      assert.equal(error.code, "machine_failed");
      assert.match(error.message, words);
      return true;
    });
  });
}

test("what a tool started ends with it when its time is over", { timeout: 10_000 }, async () => {
  const file = join(tmpdir(), `cloister-tool-${process.pid}`);
  await assert.rejects(shell(`sleep 60 & echo $! >${file}; wait`, { timeLimitMs: 300 }));
  const pid = Number(readFileSync(file, "utf8"));
  rmSync(file);
  await until("it has ended", () => !isAlive(pid));
});

test("a tool that is not installed is machine_unavailable, with a remedy", async () => {
  await assert.rejects(runTool("cloister-no-such-tool", [], { env }), {
    code: "machine_unavailable",
    remedy: "Install cloister-no-such-tool, or put it on PATH.",
  });
});
