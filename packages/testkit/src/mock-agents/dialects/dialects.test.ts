import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, suite, test } from "node:test";
import { asObject, asObjects, asText, type JsonObject } from "../../model-server/json.ts";
import { runMockAgent } from "../../testing/run-mock-agent.ts";
import type { ScenarioSource } from "../scenario-schema.ts";
import { writeMockAgent } from "../write-mock-agent.ts";
import { tellFailure } from "../failure-texts.ts";
import { MOCK_FAILURES, type MockFailureName } from "../scenario.ts";
import { createSession } from "../session.ts";
import type { MockAgentName } from "./dialect.ts";
import { DIALECTS } from "./index.ts";

const root = mkdtempSync(join(tmpdir(), "testkit-dialects-"));
after(() => rmSync(root, { recursive: true }));

const SCENARIO: ScenarioSource = {
  steps: [
    { type: "message", text: "First." },
    { type: "thought", text: "Hidden." },
    { type: "shell", command: "echo worked; exit 3" },
    { type: "tool", tool: "fetch", input: { url: "u" }, result: "fetched" },
    { type: "usage", tokens: { input: 100, cacheRead: 20, cacheWrite: 3, output: 50, reasoning: 10 }, costUsd: 0.25 },
    { type: "claim" },
  ],
};
const FINAL = "The task is done.\n\nTASK_COMPLETE";

/** What a reader of one agent's output finds: messages, tool results, and the usage event. */
type Reader = {
  readonly messages: (events: readonly JsonObject[]) => readonly string[];
  readonly results: (events: readonly JsonObject[]) => readonly string[];
  readonly usage: (last: JsonObject) => JsonObject;
  readonly expectedUsage: JsonObject;
};

function typed(events: readonly JsonObject[], type: string): readonly JsonObject[] {
  return events.filter((event) => event["type"] === type);
}

function blocks(events: readonly JsonObject[], type: string, blockType: string): readonly JsonObject[] {
  return typed(events, type)
    .flatMap((event) => asObjects(asObject(event["message"])["content"]))
    .filter((block) => block["type"] === blockType);
}

const claudeLike: Pick<Reader, "messages" | "results"> = {
  messages: (events) => blocks(events, "assistant", "text").map((block) => asText(block["text"])),
  results: (events) => blocks(events, "user", "tool_result").map((block) => asText(block["content"])),
};

function items(events: readonly JsonObject[], type: string): readonly JsonObject[] {
  return typed(events, "item.completed")
    .map((event) => asObject(event["item"]))
    .filter((item) => item["type"] === type);
}

function parts(events: readonly JsonObject[], type: string): readonly JsonObject[] {
  return typed(events, type).map((event) => asObject(event["part"]));
}

function data(events: readonly JsonObject[], type: string): readonly JsonObject[] {
  return typed(events, type).map((event) => asObject(event["data"]));
}

const READERS: Readonly<Record<Exclude<MockAgentName, "kiro" | "command">, Reader>> = {
  claude: {
    ...claudeLike,
    usage: ({ type, usage, total_cost_usd: cost, result }) => ({ type, ...asObject(usage), cost, result }),
    expectedUsage: {
      type: "result",
      input_tokens: 100,
      cache_creation_input_tokens: 3,
      cache_read_input_tokens: 20,
      output_tokens: 50,
      output_tokens_details: { thinking_tokens: 10 },
      cost: 0.25,
      result: FINAL,
    },
  },
  qwen: {
    ...claudeLike,
    usage: ({ type, usage }) => ({ type, ...asObject(usage) }),
    expectedUsage: {
      type: "result",
      input_tokens: 123,
      output_tokens: 50,
      cache_read_input_tokens: 20,
      total_tokens: 173,
    },
  },
  codex: {
    messages: (events) => items(events, "agent_message").map((item) => asText(item["text"])),
    results: (events) => [
      ...items(events, "command_execution").map((item) => asText(item["aggregated_output"])),
      ...items(events, "mcp_tool_call").map((item) =>
        asText(asObjects(asObject(item["result"])["content"])[0]?.["text"]),
      ),
    ],
    usage: ({ type, usage }) => ({ type, ...asObject(usage) }),
    expectedUsage: {
      type: "turn.completed",
      input_tokens: 123,
      cached_input_tokens: 20,
      cache_write_input_tokens: 3,
      output_tokens: 50,
      reasoning_output_tokens: 10,
    },
  },
  gemini: {
    messages: (events) =>
      typed(events, "message")
        .filter((event) => event["role"] === "assistant")
        .map((event) => asText(event["content"])),
    results: (events) => typed(events, "tool_result").map((event) => asText(event["output"])),
    usage: ({ type, status, stats }) => {
      const { total_tokens, input_tokens, output_tokens, cached, tool_calls } = asObject(stats);
      return { type, status, total_tokens, input_tokens, output_tokens, cached, tool_calls };
    },
    expectedUsage: {
      type: "result",
      status: "success",
      total_tokens: 173,
      input_tokens: 123,
      output_tokens: 40,
      cached: 20,
      tool_calls: 2,
    },
  },
  opencode: {
    messages: (events) => parts(events, "text").map((part) => asText(part["text"])),
    results: (events) => parts(events, "tool_use").map((part) => asText(asObject(part["state"])["output"])),
    usage: ({ type, part }) => ({ type, tokens: asObject(part)["tokens"], cost: asObject(part)["cost"] }),
    expectedUsage: {
      type: "step_finish",
      tokens: { total: 173, input: 100, output: 40, reasoning: 10, cache: { read: 20, write: 3 } },
      cost: 0.25,
    },
  },
  copilot: {
    messages: (events) =>
      data(events, "assistant.message")
        .map((message) => asText(message["content"]))
        .filter((text) => text !== ""),
    results: (events) =>
      data(events, "tool.execution_complete").map((done) =>
        asText(asObject(done["result"])["content"]).replace(/<exited.*>$/, ""),
      ),
    usage: ({ type, exitCode }) => ({ type, exitCode }),
    expectedUsage: { type: "result", exitCode: 0 },
  },
};

for (const [agent, reader] of Object.entries(READERS)) {
  test(`a reader of ${agent}'s events finds messages, tool results and usage, and no thought among the messages`, async () => {
    const program = await writeMockAgent(join(root, "speaks"), agent, SCENARIO);
    const { stdout, code } = await runMockAgent(program, root);
    const events = stdout
      .trimEnd()
      .split("\n")
      .map((line) => asObject(JSON.parse(line)));
    assert.equal(code, 0);
    assert.deepEqual(reader.messages(events), ["First.", FINAL]);
    assert.deepEqual(reader.results(events), ["worked\n", "fetched"]);
    assert.deepEqual(reader.usage(events.at(-1) ?? {}), reader.expectedUsage);
  });
}

for (const agent of ["kiro", "command"]) {
  test(`${agent} prints text that ends with the final message`, async () => {
    const program = await writeMockAgent(join(root, "speaks"), agent, SCENARIO);
    const { stdout } = await runMockAgent(program, root);
    assert.ok(stdout.endsWith(`${FINAL}\n`));
    assert.match(stdout, /worked/);
    assert.doesNotMatch(stdout, /Hidden/);
  });
}

suite("failures", () => {
  const said: Readonly<Record<MockFailureName, RegExp>> = {
    rate_limit: /usage limit/i,
    overloaded: /overloaded/i,
    network: /ECONNREFUSED/,
    auth: /invalid api key/i,
    budget: /credit balance|quota exceeded/i,
    context_overflow: /context window/i,
    crash: /TypeError/,
  };
  for (const [agent, dialect] of Object.entries(DIALECTS)) {
    test(`${agent} says each kind of failure in its own words, and exits with its own status`, () => {
      const session = createSession(dialect.model, root);
      for (const failure of MOCK_FAILURES) {
        const told = tellFailure({ failure }, Date.now());
        assert.match(JSON.stringify(dialect.fail(session, told)), said[failure]);
        assert.notEqual(dialect.exitCode(told), 0, failure);
      }
    });
  }

  test("Gemini exits with its status mod 256, and with 41 where the login fails", async () => {
    const statusOf = async (failure: string): Promise<number | null> => {
      const program = await writeMockAgent(join(root, "fails"), "gemini", { steps: [{ type: "fail", failure }] });
      return (await runMockAgent(program, root)).code;
    };
    assert.deepEqual([await statusOf("budget"), await statusOf("auth"), await statusOf("network")], [146, 41, 1]);
  });

  test("Claude tells when a limit lifts in an event, the others in words", async () => {
    const scenario: ScenarioSource = { steps: [{ type: "fail", failure: "rate_limit", resetInSeconds: 7500 }] };
    const soon = Math.floor(Date.now() / 1000) + 7500;
    const claude = await runMockAgent(await writeMockAgent(join(root, "fails"), "claude", scenario), root);
    const limit = claude.stdout.split("\n").find((line) => line.includes("rate_limit_event")) ?? "{}";
    const info = asObject(asObject(JSON.parse(limit))["rate_limit_info"]);
    assert.ok(Math.abs(Number(info["resetsAt"]) - soon) < 30);
    const codex = await runMockAgent(await writeMockAgent(join(root, "fails"), "codex", scenario), root);
    assert.match(codex.stdout, /try again in 2 hours 5 minutes/);
  });
});

test("retries by itself are told where the real one tells them", async () => {
  const scenario: ScenarioSource = { steps: [{ type: "retry", failure: "rate_limit", delayMs: 700 }] };
  const claude = await runMockAgent(await writeMockAgent(join(root, "retries"), "claude", scenario), root);
  assert.match(
    claude.stdout,
    /"subtype":"api_retry","attempt":1,"max_retries":10,"retry_delay_ms":700,"error_status":429/,
  );
  const codex = await runMockAgent(await writeMockAgent(join(root, "retries"), "codex", scenario), root);
  assert.match(codex.stdout, /"type":"error","message":"Reconnecting\.\.\. 1\/5/);
});
