import { describe } from "node:test";
import type { TokenUsage } from "@cloister/core";
import type { ExpectedRecording } from "../conformance/index.ts";
import { testHostileOutput } from "../conformance/hostile-output.ts";
import { testLaunch } from "../conformance/launch.ts";
import { testOutput } from "../conformance/output.ts";
import { createSubject } from "../conformance/subject.ts";
import { builtinAgent } from "./index.ts";

const USAGE: TokenUsage = { input: 2450, cacheRead: 900, cacheWrite: 900, output: 84, reasoning: 0 };
const FIRST: TokenUsage = { input: 1200, cacheRead: 0, cacheWrite: 900, output: 42, reasoning: 0 };
const DID: ExpectedRecording = { messages: [], tools: [], model: "claude-opus-5-5", finished: true };

/** All of the suite but what it says of probes: this agent is part of Cloister, so it is never missing. */
void describe("the builtin adapter", () => {
  const subject = createSubject(builtinAgent, {
    fixtures: new URL("./__fixtures__/", import.meta.url),
    recordings: {
      completes: {
        ...DID,
        usage: { ...USAGE, input: 2500 },
        messages: ["I write it.", "Done: the file is written. TASK_COMPLETE"],
        tools: [
          { tool: "write", ok: true },
          { tool: "shell", ok: true },
        ],
      },
      "quotes-claim": {
        ...DID,
        usage: USAGE,
        messages: ["Nothing is done yet: the tests are red."],
        tools: [{ tool: "shell", ok: true }],
      },
      overloaded: { ...DID, usage: FIRST, messages: ["Nothing to do."], retries: ["overloaded"] },
      auth: { messages: [], tools: [], failure: "auth", finished: false },
      "rate-limit": { messages: [], tools: [], failure: "rate_limit", hasResetTime: true, finished: false },
    },
  });
  testOutput(subject);
  testHostileOutput(subject);
  testLaunch(builtinAgent);
});
