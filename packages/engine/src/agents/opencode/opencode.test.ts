import assert from "node:assert/strict";
import { test } from "node:test";
import type { TokenUsage } from "@cloister/core";
import { type ExpectedRecording, testConformance } from "../conformance/index.ts";
import { opencodeAgent } from "./index.ts";
import { createOpencodeTranslator } from "./translate.ts";

const USAGE: TokenUsage = { input: 1000, cacheRead: 2000, cacheWrite: 0, output: 120, reasoning: 0 };
const DID: ExpectedRecording = {
  messages: [],
  tools: [{ tool: "bash", ok: true }],
  usage: USAGE,
  cost: 1600,
  finished: true,
};
const FAILED: ExpectedRecording = { messages: [], tools: [], finished: false };

testConformance(opencodeAgent, {
  fixtures: new URL("./__fixtures__/", import.meta.url),
  recordings: {
    completes: { ...DID, messages: ["Done: the file is written. TASK_COMPLETE"] },
    "quotes-claim": { ...DID, messages: ["Nothing is done yet: the tests are red."] },
    auth: { ...FAILED, failure: "auth" },
    budget: { ...FAILED, failure: "budget" },
    "rate-limit": { ...FAILED, failure: "rate_limit", hasResetTime: true },
    "context-overflow": { ...FAILED, failure: "context_overflow" },
  },
});

test("reasoning is a thought, not a message", () => {
  const line = { type: "reasoning", part: { text: "TASK_COMPLETE?" } };
  assert.deepEqual(createOpencodeTranslator(undefined).translate(line), [{ type: "thought", text: "TASK_COMPLETE?" }]);
});

test("a step that ends at the limit of output does not end the work", () => {
  const line = { type: "step_finish", part: { reason: "length", tokens: { input: 1 } } };
  const types = createOpencodeTranslator("m")
    .translate(line)
    .map((event) => event.type);
  assert.deepEqual(types, ["usage"]);
});
