import assert from "node:assert/strict";
import { test } from "node:test";
import { type ExpectedRecording, testConformance } from "../conformance/index.ts";
import { copilotAgent } from "./index.ts";
import { createCopilotTranslator } from "./translate.ts";

const DID: ExpectedRecording = { messages: [], tools: [{ tool: "bash", ok: true }], finished: true };
const FAILED: ExpectedRecording = { messages: [], tools: [], finished: false };

testConformance(copilotAgent, {
  fixtures: new URL("./__fixtures__/", import.meta.url),
  recordings: {
    completes: { ...DID, messages: ["Done: the file is written. TASK_COMPLETE"] },
    "quotes-claim": { ...DID, messages: ["Nothing is done yet: the tests are red."] },
    auth: { ...FAILED, failure: "auth", retries: ["auth", "auth"] },
    budget: { ...FAILED, failure: "budget" },
    "rate-limit": {
      ...FAILED,
      failure: "rate_limit",
      hasResetTime: true,
      retries: Array.from({ length: 5 }, () => "rate_limit" as const),
    },
    "context-overflow": { ...FAILED, failure: "context_overflow" },
  },
});

test("a subagent's claim is no message", () => {
  const line = { type: "assistant.message", data: { content: "TASK_COMPLETE", parentToolCallId: "call_1" } };
  assert.deepEqual(createCopilotTranslator().translate(line), []);
});

test("a missing login is told by standard error", () => {
  const exit = { code: 1, signal: null, stdoutTail: "", stderrTail: "Error: No authentication information found.\n" };
  assert.equal(copilotAgent.classify?.(exit)?.failure, "auth");
});
