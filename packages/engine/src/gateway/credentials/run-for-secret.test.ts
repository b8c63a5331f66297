import { deepEqual, ok } from "node:assert/strict";
import { describe, test } from "node:test";
import { runForSecret } from "./run-for-secret.ts";

const env = { PATH: process.env["PATH"] ?? "" };

describe("a program that is asked for a secret", () => {
  test("is given an end when it takes too long", async () => {
    const startedAt = performance.now();
    const answer = await runForSecret({ shell: "sleep 60", env, timeoutMs: 50 });
    deepEqual(answer, { fault: "no end of it in time", isMissing: false });
    ok(performance.now() - startedAt < 20_000);
  });

  test("may say 16 KiB, and not a byte more", async () => {
    const say = (bytes: number): string => `head -c ${bytes} /dev/zero | tr '\\0' x`;
    deepEqual(await runForSecret({ shell: say(16_384), env }), { output: "x".repeat(16_384) });
    deepEqual(await runForSecret({ shell: say(16_385), env }), { fault: "more than 16384 bytes", isMissing: false });
  });

  test("is said to be missing where it is", async () => {
    const answer = await runForSecret({ file: "no-such-program", env });
    deepEqual(answer, { fault: "that it could not be started (ENOENT)", isMissing: true });
  });

  test("may be loud on standard error", async () => {
    deepEqual(await runForSecret({ shell: "head -c 300000 /dev/zero >&2; echo it", env }), { output: "it\n" });
  });
});
