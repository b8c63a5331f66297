import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type AgentEvent, NO_USAGE, type TokenUsage } from "@cloister/core";
import { testConformance, toRequest } from "../conformance/index.ts";
import { launchClaude } from "./launch.ts";
import { claudeAgent } from "./index.ts";
import { createClaudeTranslator } from "./translate.ts";
import { createUsageTotal } from "./usage-total.ts";

const TWO_CALLS: TokenUsage = { input: 2450, cacheRead: 900, cacheWrite: 900, output: 84, reasoning: 0 };
const FAILED = { messages: [], tools: [], usage: NO_USAGE, model: "claude-opus-5-5", cost: 0, finished: false };

testConformance(claudeAgent, {
  fixtures: new URL("./__fixtures__/", import.meta.url),
  recordings: {
    completes: {
      messages: ["I will write the file.", "Done: the file is written. TASK_COMPLETE"],
      tools: [{ tool: "Bash", ok: true }],
      usage: TWO_CALLS,
      model: "claude-opus-5-5",
      cost: 16_160,
      finished: true,
    },
    "quotes-claim": {
      messages: ["I will write the file.", "Nothing is done yet: the tests are red."],
      tools: [{ tool: "Bash", ok: true }],
      usage: TWO_CALLS,
      model: "claude-opus-5-5",
      cost: 16_160,
      finished: true,
    },
    auth: { ...FAILED, failure: "auth", retries: ["auth"] },
    budget: { ...FAILED, failure: "budget" },
    "rate-limit": { ...FAILED, failure: "rate_limit", hasResetTime: true, retries: ["rate_limit"] },
    overloaded: { ...FAILED, failure: "overloaded", retries: ["overloaded"] },
    "context-overflow": { ...FAILED, failure: "context_overflow" },
  },
});

/** Translates lines that no scripted model makes the program print. */
function translate(...lines: readonly Record<string, unknown>[]): AgentEvent[] {
  const translator = createClaudeTranslator({ inputIncludesCache: false });
  return lines.flatMap((line) => translator.translate(line));
}

const text = (words: string): Record<string, unknown> => ({ content: [{ type: "text", text: words }] });
const RESULT = { type: "result", subtype: "success", is_error: true, result: "You've hit your limit", usage: {} };

describe("Claude Code's events", () => {
  test("a subagent's claim is no message", () => {
    assert.deepEqual(translate({ type: "assistant", parent_tool_use_id: "t1", message: text("TASK_COMPLETE") }), []);
  });

  test("thinking is a thought, not a message", () => {
    const message = { content: [{ type: "thinking", thinking: "TASK_COMPLETE?" }] };
    assert.deepEqual(translate({ type: "assistant", message }), [{ type: "thought", text: "TASK_COMPLETE?" }]);
  });

  test("an error that is worded as the assistant's is no message", () => {
    const line = { type: "assistant", error: "server_error", message: text("API Error: 500 TASK_COMPLETE") };
    assert.deepEqual(translate(line), []);
  });

  test("a replayed prompt is no message", () => {
    assert.deepEqual(translate({ type: "user", message: text("end with TASK_COMPLETE") }), []);
  });

  test("a spent subscription window says when it opens again", () => {
    const window = { type: "rate_limit_event", rate_limit_info: { status: "rejected", resetsAt: 1_795_276_800 } };
    const failed = translate(window, RESULT).find((event) => event.type === "failed");
    const expected = { type: "failed", failure: "rate_limit", message: RESULT.result, resetAt: 1_795_276_800_000 };
    assert.deepEqual(failed, expected);
  });

  test("a window that is still open says nothing", () => {
    const window = { type: "rate_limit_event", rate_limit_info: { status: "allowed", resetsAt: 1_795_276_800 } };
    const failed = translate(window, RESULT).find((event) => event.type === "failed");
    assert.equal(failed?.resetAt, undefined);
  });

  test("an error without words is classified by its kind", () => {
    const [, failed, finished] = translate({ type: "result", subtype: "error_max_budget_usd", is_error: true });
    assert.deepEqual(
      [failed?.type === "failed" && failed.failure, finished],
      ["budget", { type: "finished", ok: false }],
    );
  });

  test("a message whose usage is said twice is counted once", () => {
    const message = (id: string, output: number): Record<string, unknown> => ({
      type: "assistant",
      message: { id, content: [], usage: { input_tokens: 10, output_tokens: output } },
    });
    const usages = translate(message("a", 1), message("a", 1), message("b", 2), message("a", 5));
    const totals = usages.map((event) => event.type === "usage" && [event.usage.input, event.usage.output]);
    assert.deepEqual(totals, [
      [10, 1],
      [20, 3],
      [20, 7],
    ]);
  });
});

test("usage of messages without end is summed in bounded memory", () => {
  const total = createUsageTotal();
  let sum: TokenUsage | undefined;
  for (let index = 0; index < 10_000; index += 1) sum = total.set(`${index}`, { ...NO_USAGE, output: 2 });
  assert.equal(sum?.output, 20_000);
});

test("root is told to be in a sandbox, and nobody else is", () => {
  assert.equal(launchClaude(toRequest({ asRoot: true })).env["IS_SANDBOX"], "1");
  assert.equal(launchClaude(toRequest({ asRoot: false })).env["IS_SANDBOX"], undefined);
});
