import assert from "node:assert/strict";
import { CloisterError, type ErrorCode } from "@cloister/core";
import { until } from "../../src/process/testing/until.ts";
import type { Subject } from "./subject.ts";

/** Longer than a driver takes to clear away what it had. */
const CLEARED_MS = 10_000;

/** Expects that something is refused with a code, and words for people. */
export async function refused(code: ErrorCode, attempt: Promise<unknown>): Promise<void> {
  await assert.rejects(attempt, (error) => {
    assert.ok(CloisterError.isInstance(error), String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, /\w+ .*\w+/);
    return true;
  });
}

/** Expects that after `work` there is on the host what was there before, and no machine but `main`. */
export async function withoutTrace(subject: Subject, work: () => Promise<void>): Promise<void> {
  await work();
  assert.deepEqual(
    (await subject.manager.list()).map(({ name }) => name),
    ["main"],
  );
  let found = subject.remains();
  // A process that was killed is in the table until its parent has looked.
  await until("nothing is left", () => (found = subject.remains()).length === 0, CLEARED_MS).catch(() => undefined);
  assert.deepEqual(found, []);
}
