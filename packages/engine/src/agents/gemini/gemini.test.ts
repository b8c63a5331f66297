import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { NO_USAGE, type TokenUsage } from "@cloister/core";
import { type ExpectedRecording, testConformance, toRequest } from "../conformance/index.ts";
import { classifyGeminiExit } from "./exit.ts";
import { geminiAgent } from "./index.ts";
import { launchGemini } from "./launch.ts";
import { createGeminiTranslator } from "./translate.ts";

const USAGE: TokenUsage = { input: 1500, cacheRead: 3000, cacheWrite: 0, output: 240, reasoning: 60 };
const DID: ExpectedRecording = {
  messages: [],
  tools: [{ tool: "run_shell_command", ok: true }],
  usage: USAGE,
  model: "gemini-3.8-flash",
  finished: true,
};
const FAILED: ExpectedRecording = {
  messages: [],
  tools: [],
  usage: NO_USAGE,
  model: "gemini-3.5-flash-lite",
  finished: false,
};

testConformance(geminiAgent, {
  fixtures: new URL("./__fixtures__/", import.meta.url),
  recordings: {
    completes: { ...DID, messages: ["Done: the file is written. TASK_COMPLETE"] },
    "quotes-claim": { ...DID, messages: ["Nothing is done yet: the tests are red."] },
    auth: { ...FAILED, failure: "auth" },
    budget: { ...FAILED, failure: "budget" },
    "context-overflow": { ...FAILED, failure: "context_overflow" },
    // It waits for more than a minute without a word: the recording ends before it does.
    "rate-limit": { messages: [], tools: [] },
  },
});

describe("Gemini's events", () => {
  test("pieces make up one message, up to the next act", () => {
    const translator = createGeminiTranslator();
    const piece = (content: string): Record<string, unknown> => ({
      type: "message",
      role: "assistant",
      content,
      delta: true,
    });
    const act = { type: "tool_use", tool_name: "ls", tool_id: "1", parameters: {} };
    const lines = [piece("TASK_"), piece("COMPLETE"), act, piece("More.")];
    const events = [...lines.flatMap((line) => translator.translate(line)), ...(translator.end?.() ?? [])];
    assert.deepEqual(events, [
      { type: "message", text: "TASK_COMPLETE" },
      { type: "tool_called", tool: "ls", summary: "" },
      { type: "message", text: "More." },
    ]);
  });
});

const EXITS: readonly (readonly [code: number | null, stderrTail: string, failure: string | undefined])[] = [
  [41, "YOLO mode is enabled.\nInvalid auth method selected.", "auth"],
  [41, "", "auth"],
  [145, "", "auth"],
  [146, "", "budget"],
  [147, "", "auth"],
  [173, "", "rate_limit"],
  [247, "", "overloaded"],
  [144, "prompt is too long", "context_overflow"],
  [144, "", "crash"],
  [1, "", undefined],
  [1, "TypeError: x is not a function", undefined],
  [1, "getaddrinfo ENOTFOUND generativelanguage.googleapis.com", "network"],
  [null, "", undefined],
];

describe("Gemini's exit", () => {
  for (const [code, stderrTail, failure] of EXITS) {
    test(`${code} with "${stderrTail.replaceAll("\n", " / ")}" means ${failure ?? "nothing that is known"}`, () => {
      assert.equal(classifyGeminiExit({ code, signal: null, stderrTail, stdoutTail: "" })?.failure, failure);
    });
  }
});

describe("Gemini's launch", () => {
  const env = { GEMINI_API_KEY: "key", GOOGLE_GEMINI_BASE_URL: "http://127.0.0.1:1" };

  test("gets a home with the kind of login in it where a key goes to another endpoint", () => {
    const launch = launchGemini(toRequest({ env }));
    const { scratch } = toRequest();
    assert.equal(launch.env["GEMINI_CLI_HOME"], scratch);
    assert.match(launch.files?.[`${scratch}/.gemini/settings.json`] ?? "", /"selectedType":"gemini-api-key"/);
  });

  for (const [name, given] of [
    ["no key is set", { GOOGLE_GEMINI_BASE_URL: "http://127.0.0.1:1" }],
    ["the key goes to Google", { GEMINI_API_KEY: "key" }],
    ["the user has chosen a home for it", { ...env, GEMINI_CLI_HOME: "/chosen" }],
  ] as const) {
    test(`leaves the user's home alone where ${name}`, () => {
      const launch = launchGemini(toRequest({ env: given }));
      assert.deepEqual([launch.env, launch.files], [given, undefined]);
    });
  }
});
