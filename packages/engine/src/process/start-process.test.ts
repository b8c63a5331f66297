import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { findMarked, isAlive, type ProcessExit, type ProcessSpec } from "./index.ts";
import { start, textOf } from "./testing/start.ts";
import { pass, until } from "./testing/until.ts";

const folder = mkdtempSync(join(tmpdir(), "cloister-process-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const notExecutable = join(folder, "not-executable");
writeFileSync(notExecutable, "#!/bin/sh\n");
chmodSync(notExecutable, 0o644);

const endings: readonly (readonly [name: string, spec: Partial<ProcessSpec>, end: Partial<ProcessExit>])[] = [
  ["a process that ends by itself gives its code", { shell: "exit 7" }, { cause: "exited", code: 7, signal: null }],
  [
    "a process that a signal ends gives the signal",
    { shell: "kill -9 $$" },
    { cause: "exited", code: null, signal: "SIGKILL" },
  ],
  ["a program that is not there", { file: "no-such-program" }, { cause: "spawn_failed", code: null, error: "ENOENT" }],
  ["a file that may not be executed", { file: notExecutable }, { cause: "spawn_failed", code: null, error: "EACCES" }],
  [
    "a working directory that is not there",
    { shell: "true", cwd: join(folder, "none") },
    { cause: "spawn_failed", error: "ENOENT" },
  ],
  [
    "a working directory that is a file",
    { shell: "true", cwd: notExecutable },
    { cause: "spawn_failed", error: "ENOTDIR" },
  ],
  [
    "arguments that the kernel refuses",
    { file: "true", args: ["x".repeat(4e6)] },
    { cause: "spawn_failed", error: "E2BIG" },
  ],
  [
    "an argument with a NUL",
    { file: "true", args: ["a\0b"] },
    { cause: "spawn_failed", error: "ERR_INVALID_ARG_VALUE" },
  ],
  ["a process that reads input it was not given", { shell: "cat; exit 4" }, { cause: "exited", code: 4 }],
  [
    "a process that does not read the input it was given",
    { shell: "exit 5", stdin: { text: "x".repeat(1e6) } },
    { code: 5 },
  ],
  ["a process that runs too long", { shell: "exec sleep 60", timeoutMs: 50 }, { cause: "timeout", signal: "SIGTERM" }],
  [
    "a process that is silent too long",
    { shell: "echo; exec sleep 60", idleTimeoutMs: 50 },
    { cause: "idle", signal: "SIGTERM" },
  ],
  ["a limit beyond what timers can count to", { shell: "true", timeoutMs: 1e15 }, { cause: "exited", code: 0 }],
];
for (const [name, spec, end] of endings) {
  test(`ends as it should: ${name}`, { timeout: 20_000 }, async () => {
    const running = start(spec);
    const [exit] = await Promise.all([running.exit, textOf(running.stdout), textOf(running.stderr)]);
    const { cause, code, signal, error } = exit;
    const got = { cause, code, signal, ...(error === undefined ? {} : { error }) };
    assert.deepEqual({ ...got, ...end }, got);
    assert.equal(exit.survivors, 0);
    assert.equal(running.pid === undefined, end.cause === "spawn_failed");
  });
}

test("standard input is what was given, and ends", async () => {
  const text = `${"ü".repeat(300_000)}\n`;
  assert.equal(await textOf(start({ shell: "cat", stdin: { text } }).stdout), text);
});

test("open input takes what is written until it is closed, and drops what a dead process can't read", async () => {
  const running = start({ shell: "head -c 6; cat >/dev/null", stdin: "open" });
  await running.write("one");
  await running.write("two");
  running.closeInput();
  assert.equal(await textOf(running.stdout), "onetwo");
  assert.equal((await running.exit).code, 0);
  await running.write("too late");
});

test("a write that a process never takes is dropped when the process ends", async () => {
  const running = start({ shell: "sleep 60", stdin: "open" });
  const written = running.write("x".repeat(4e6));
  running.stop("aborted", 0);
  await written;
  assert.equal((await running.exit).cause, "aborted");
});

test("bytes on either output keep a process from being idle", async () => {
  // More than twice the silence that is allowed in all, a byte at a quarter of it: a busy machine may be late by the rest.
  const shell = "for i in 1 2 3 4 5 6 7 8 9; do echo >&$((i % 2 + 1)); sleep 0.25; done";
  const running = start({ shell, idleTimeoutMs: 1000 });
  void textOf(running.stderr);
  assert.equal((await textOf(running.stdout)).length, 4);
  assert.equal((await running.exit).cause, "exited");
});

test("a process that waits for its reader is not idle", { timeout: 20_000 }, async () => {
  // The silence must be longer than what a busy machine takes until the first byte.
  const running = start({ shell: "head -c 3000000 /dev/zero", idleTimeoutMs: 1000 });
  await pass(2500);
  assert.equal((await textOf(running.stdout)).length, 3_000_000);
  assert.equal((await running.exit).cause, "exited");
});

test("a process whose signal was aborted before is not started", async () => {
  const running = start({ shell: "exit 3", signal: AbortSignal.abort() });
  assert.equal(running.pid, undefined);
  assert.equal(await textOf(running.stdout), "");
  assert.equal((await running.exit).cause, "aborted");
});

test("an abort while it starts, or runs, ends the process, and leaves no listener behind", async () => {
  for (const wait of [() => undefined, nextTurn]) {
    const controller = new AbortController();
    const running = start({ shell: "sleep 60", signal: controller.signal });
    await wait();
    controller.abort();
    const { cause, signal } = await running.exit;
    assert.deepEqual({ cause, signal }, { cause: "aborted", signal: "SIGTERM" });
  }
});

test("a process that ignores TERM is killed after the grace; the first reason stands, and later stops do nothing", async () => {
  const running = start("trap '' TERM; echo ready; while :; do sleep 1; done");
  for await (const _ of running.stdout) break;
  running.stop("timeout", 100);
  running.stop("aborted", 0);
  const { cause, signal } = await running.exit;
  assert.deepEqual({ cause, signal }, { cause: "timeout", signal: "SIGKILL" });
  running.stop("idle");
  assert.equal((await running.exit).cause, "timeout");
});

test("a process that has said its last word and hangs is stopped after the grace", async () => {
  const running = start("echo result; sleep 60");
  assert.equal(await firstText(running.stdout), "result\n");
  running.finish(50);
  running.finish(60_000);
  const { cause, durationMs } = await running.exit;
  assert.equal(cause, "finished");
  assert.ok(durationMs < 5000);
});

test("a process that ends within the grace after its last word ended by itself", async () => {
  const running = start("echo result; exit 2");
  running.finish(60_000);
  const { cause, code } = await running.exit;
  assert.deepEqual({ cause, code }, { cause: "exited", code: 2 });
});

test("a reader that leaves early does not block the process", { timeout: 20_000 }, async () => {
  const running = start("head -c 5000000 /dev/zero; exit 6");
  for await (const _ of running.stdout) break;
  assert.equal((await running.exit).code, 6);
});

test("the marker is in the environment, below the one given, and no two processes have the same", async () => {
  const [first, second] = ["a:1", "a:1"].map((marker) => start({ shell: "echo $CLOISTER_PROCESS_MARKER", marker }));
  const markers = await Promise.all([first, second].map((running) => textOf(running?.stdout ?? nothing())));
  for (const marker of markers) assert.match(marker, /^a:1:\d+-\d+\n$/);
  assert.notEqual(markers[0], markers[1]);
});

test("the end of one process leaves another with the same marker alone", async () => {
  const marker = `pair-${process.pid}`;
  const other = start({ shell: "exec sleep 60", marker });
  await start({ shell: "setsid sleep 60 & exit 0", marker }).exit;
  assert.deepEqual(findMarked(marker), [other.pid]);
  other.stop("aborted", 0);
  await other.exit;
  assert.equal(isAlive(other.pid ?? 0), false);
});

test("two hundred processes at a time are all gone after a stop", { timeout: 30_000 }, async () => {
  const marker = `many-${process.pid}`;
  const running = start({ shell: "for i in $(seq 100); do sleep 60 & setsid sleep 60 & done; wait", marker });
  await until("all were started", () => findMarked(marker).length > 200);
  running.stop("aborted", 100);
  await running.exit;
  assert.deepEqual(findMarked(marker), []);
});

async function firstText(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  for await (const chunk of bytes) return Buffer.from(chunk).toString();
  return "";
}

async function* nothing(): AsyncGenerator<Uint8Array> {
  // Stands for an output that is not there.
}
