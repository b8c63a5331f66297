import { NO_USAGE, type TokenUsage } from "@cloister/core";
import { type ExpectedRecording, testConformance } from "../conformance/index.ts";
import { qwenAgent } from "./index.ts";

const USAGE: TokenUsage = { input: 1000, cacheRead: 2000, cacheWrite: 0, output: 120, reasoning: 0 };
const DID: ExpectedRecording = {
  messages: [],
  tools: [{ tool: "run_shell_command", ok: true }],
  usage: USAGE,
  model: "qwen3-coder-plus",
  finished: true,
};
const FAILED: ExpectedRecording = {
  messages: [],
  tools: [],
  usage: NO_USAGE,
  model: "qwen3-coder-plus",
  finished: false,
};

testConformance(qwenAgent, {
  fixtures: new URL("./__fixtures__/", import.meta.url),
  recordings: {
    completes: { ...DID, messages: ["Done: the file is written. TASK_COMPLETE"] },
    "quotes-claim": { ...DID, messages: ["Nothing is done yet: the tests are red."] },
    auth: { ...FAILED, failure: "auth" },
    budget: { ...FAILED, failure: "budget" },
    // It waits for more than a minute without a word: the recording ends before it does.
    "rate-limit": { messages: [], tools: [] },
    "context-overflow": { ...FAILED, failure: "context_overflow" },
  },
});
