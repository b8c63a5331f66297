import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { AgentEvent, TokenUsage } from "@cloister/core";
import { type ExpectedRecording, testConformance, toRequest } from "../conformance/index.ts";
import { codexAgent } from "./index.ts";
import { launchCodex } from "./launch.ts";
import { createCodexTranslator } from "./translate.ts";

const USAGE: TokenUsage = { input: 1000, cacheRead: 2000, cacheWrite: 0, output: 120, reasoning: 40 };
const DID: ExpectedRecording = {
  messages: [],
  tools: [{ tool: "shell", ok: true }],
  usage: USAGE,
  model: "gpt-5.5",
  finished: true,
};
const FAILED: ExpectedRecording = { messages: [], tools: [], finished: false };

testConformance(codexAgent, {
  fixtures: new URL("./__fixtures__/", import.meta.url),
  model: "gpt-5.5",
  recordings: {
    completes: { ...DID, messages: ["Done: the file is written. TASK_COMPLETE"] },
    "quotes-claim": { ...DID, messages: ["Nothing is done yet: the tests are red."] },
    auth: { ...FAILED, failure: "auth", retries: ["auth", "auth", "auth", "auth", "auth"] },
    budget: { ...FAILED, failure: "budget", retries: ["budget", "budget", "budget", "budget", "budget"] },
    overloaded: { ...FAILED, failure: "overloaded", retries: Array.from({ length: 5 }, () => "overloaded" as const) },
    "quota-spent": { ...FAILED, failure: "budget" },
    "rate-limit": { ...FAILED, failure: "rate_limit" },
    "context-overflow": { ...FAILED, failure: "context_overflow" },
  },
});

function translate(...lines: readonly Record<string, unknown>[]): AgentEvent[] {
  const translator = createCodexTranslator(undefined);
  return lines.flatMap((line) => translator.translate(line));
}

const completed = (item: Record<string, unknown>): Record<string, unknown> => ({ type: "item.completed", item });

describe("Codex's events", () => {
  test("reasoning is a thought, not a message", () => {
    const events = translate(completed({ type: "reasoning", text: "TASK_COMPLETE?" }));
    assert.deepEqual(events, [{ type: "thought", text: "TASK_COMPLETE?" }]);
  });

  test("a plan and a notice are no messages", () => {
    const notice = completed({ type: "error", message: "TASK_COMPLETE" });
    assert.deepEqual(translate(completed({ type: "todo_list", text: "TASK_COMPLETE" }), notice), []);
  });

  test("an act that is told of only at its end was called too", () => {
    const item = { id: "1", type: "file_change", changes: [{ path: "a.ts", kind: "update" }], status: "completed" };
    assert.deepEqual(translate(completed(item)), [
      { type: "tool_called", tool: "edit", summary: "a.ts" },
      { type: "tool_finished", tool: "edit", ok: true, summary: "a.ts" },
    ]);
  });

  test("a command that fails is a tool that did not go well", () => {
    const item = { id: "1", type: "command_execution", command: "false", exit_code: 1, status: "failed" };
    const finished = translate(completed(item)).at(-1);
    assert.deepEqual(finished, { type: "tool_finished", tool: "shell", ok: false, summary: "false" });
  });

  test("a lost network is told as a retry, not as a failure", () => {
    const message = "Reconnecting... waiting for network (Connection failed: error sending request)";
    assert.deepEqual(translate({ type: "error", message }), [{ type: "retrying", failure: "network", message }]);
  });
});

describe("Codex's launch", () => {
  test("goes to its own provider unless another endpoint is given", () => {
    assert.deepEqual(launchCodex(toRequest()).args, [
      "exec",
      "--json",
      "--dangerously-bypass-approvals-and-sandbox",
      "--skip-git-repo-check",
      "-",
    ]);
  });

  for (const [key, env] of [
    ["OPENAI_API_KEY", { OPENAI_API_KEY: "a", CODEX_API_KEY: "b" }],
    ["CODEX_API_KEY", { CODEX_API_KEY: "b" }],
  ] as const) {
    test(`sends ${key} to another endpoint, without WebSockets, and shows it to nobody`, () => {
      const { args } = launchCodex(toRequest({ env: { ...env, OPENAI_BASE_URL: 'http://h/v1"' } }));
      assert.equal(args.at(-1), "-");
      assert.equal(
        args.at(-2),
        `model_providers.cloister={name="cloister",base_url="http://h/v1\\"",env_key="${key}",wire_api="responses",supports_websockets=false}`,
      );
    });
  }

  test("sends no key to an endpoint where none is set", () => {
    const { args } = launchCodex(toRequest({ env: { OPENAI_BASE_URL: "http://h/v1" } }));
    assert.ok(!args.some((argument) => argument.includes("env_key")));
  });
});
