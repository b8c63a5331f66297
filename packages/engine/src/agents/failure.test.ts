import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { FailureClass } from "@cloister/core";
import { classifyFailure, classifyStderr, type ToldError } from "./failure.ts";

const CASES: readonly (readonly [FailureClass, ToldError])[] = [
  ["rate_limit", { message: "Too many requests", status: 429 }],
  ["rate_limit", { message: "anything", status: 429 }],
  ["rate_limit", { message: "You've hit your session limit · resets 3pm (UTC)" }],
  ["rate_limit", { message: "Claude AI usage limit reached|1795276800" }],
  ["rate_limit", { message: "Resource has been exhausted", kind: "RESOURCE_EXHAUSTED" }],
  ["budget", { message: "You exceeded your current quota", status: 429, kind: "insufficient_quota" }],
  ["budget", { message: "Credit balance is too low" }],
  ["budget", { message: "", status: 402 }],
  ["budget", { message: "", kind: "error_max_budget_usd" }],
  ["overloaded", { message: "Overloaded", status: 529 }],
  ["overloaded", { message: "The model is at capacity. Try a different model." }],
  ["overloaded", { message: "", status: 503 }],
  ["network", { message: "Bad gateway", status: 502 }],
  ["network", { message: "API Error: Connection refused (ECONNREFUSED)" }],
  ["network", { message: "stream disconnected before completion: failed to lookup address information" }],
  ["auth", { message: "Not logged in · Please run /login" }],
  ["auth", { message: "Invalid auth method selected." }],
  ["auth", { message: "budget: what a proxy says of a key", status: 403 }],
  ["context_overflow", { message: "prompt is too long: 250000 tokens > 200000 maximum", status: 400 }],
  ["context_overflow", { message: "Your input exceeds the context window of this model." }],
  ["rate_limit", { message: "exceeded retry limit, last status: 429" }],
  ["budget", { message: "402 You have none left." }],
  ["network", { message: "[API Error: 500 Oops]" }],
  ["overloaded", { message: "Provider answered (HTTP 503)." }],
  ["crash", { message: "Segmentation fault" }],
  ["crash", { message: "Unexpected token in line 503, column 429" }],
  ["crash", { message: "", status: 400 }],
  ["crash", { message: "Cannot read properties of undefined" }],
];

describe("classifyFailure", () => {
  for (const [failure, told] of CASES) {
    test(`takes ${JSON.stringify(told)} for ${failure}`, () => {
      assert.equal(classifyFailure(told).failure, failure);
    });
  }

  test("tells when a rate limit lifts, and no time for other failures", () => {
    const now = Date.parse("2026-11-21T14:30:00Z");
    assert.equal(classifyFailure({ message: "429: try again in 60s" }, now).resetAt, now + 60_000);
    assert.equal(classifyFailure({ message: "Overloaded, try again in 60s" }, now).resetAt, undefined);
  });

  test("says something and bounds it, whatever the message", () => {
    assert.equal(classifyFailure({ message: "" }).message, "No message was given.");
    assert.equal(classifyFailure({ message: "", status: 502 }).message, "HTTP status 502");
    assert.equal(classifyFailure({ message: "x".repeat(100_000) }).message.length, 1000);
  });
});

describe("classifyStderr", () => {
  const exit = { code: 1, signal: null, stdoutTail: "429 rate limit: quoted from a file" };

  test("never reads standard output, where anything may be quoted", () => {
    assert.equal(classifyStderr({ ...exit, stderrTail: "" }), undefined);
    assert.equal(classifyStderr({ ...exit, stderrTail: "Segmentation fault" }), undefined);
  });

  test("tells the last line of standard error", () => {
    const failure = classifyStderr({
      ...exit,
      stderrTail: "YOLO mode is on.\nError: No authentication information found.\n",
    });
    assert.deepEqual(failure, { failure: "auth", message: "Error: No authentication information found." });
  });
});
