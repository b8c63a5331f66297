import { randomUUID } from "node:crypto";
import type { JsonObject } from "../../model-server/json.ts";
import { FAILURE_TEXTS, type ToldFailure, withStatus } from "../failure-texts.ts";
import type { Session } from "../session.ts";
import type { Dialect, Output, ToldCall } from "./dialect.ts";

/** Claude Code 2.1: `claude -p … --output-format stream-json --verbose`. */
export const claude: Dialect = {
  version: "2.1.329 (Claude Code)",
  model: "claude-opus-5-5",
  open: (session) => [event(session, "system", openingFields(session))],
  message: (session, text) => [assistant(session, { type: "text", text })],
  thought: (session, thinking) => [assistant(session, { type: "thinking", thinking, signature: "bW9jaw==" })],
  call: (session, call) => [assistant(session, { type: "tool_use", id: call.id, ...toToolUse(call) })],
  result: (session, { id }, { output, exitCode }) => {
    const content = [{ tool_use_id: id, type: "tool_result", content: output, is_error: exitCode !== 0 }];
    const fields = { message: { role: "user", content }, parent_tool_use_id: null };
    return [event(session, "user", { ...fields, tool_use_result: { stdout: output, stderr: "", interrupted: false } })];
  },
  retry: (session, failure, delayMs) => [
    event(session, "system", {
      subtype: "api_retry",
      attempt: 1,
      max_retries: 10,
      retry_delay_ms: delayMs,
      error_status: failure.status ?? null,
      error: FAILURE_TEXTS[failure.name].claudeName,
    }),
  ],
  fail: (session, failure) => {
    if (failure.name === "crash") return [{ stderr: failure.message }];
    return [...tellLimit(session, failure), tellError(session, failure), toResult(session, failure)];
  },
  exitCode: () => 1,
  finish: (session) => [toResult(session)],
};

function openingFields({ workspace, model }: Session): JsonObject {
  return {
    subtype: "init",
    cwd: workspace,
    tools: ["Task", "Bash", "Edit", "Read", "Write"],
    mcp_servers: [],
    model,
    permissionMode: "bypassPermissions",
    slash_commands: [],
    apiKeySource: "none",
    claude_code_version: "2.1.329",
    output_style: "default",
    agents: [],
    skills: [],
    plugins: [],
  };
}

function event(session: Session, type: string, fields: JsonObject): Output {
  return { json: { type, ...fields, session_id: session.id, uuid: randomUUID() } };
}

function toToolUse({ tool, input }: ToldCall): JsonObject {
  return { name: tool === "shell" ? "Bash" : tool, input };
}

function assistant(session: Session, block: JsonObject): Output {
  const message = {
    id: `msg_${randomUUID().replaceAll("-", "")}`,
    type: "message",
    role: "assistant",
    model: session.model,
    content: [block],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 0, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 1 },
  };
  return event(session, "assistant", { message, parent_tool_use_id: null });
}

/** A limit of the subscription comes as an event of its own, with the second at which it lifts. */
function tellLimit(session: Session, { resetAt }: ToldFailure): readonly Output[] {
  if (resetAt === undefined) return [];
  const info = { status: "rejected", resetsAt: Math.floor(resetAt / 1000), rateLimitType: "five_hour" };
  return [event(session, "rate_limit_event", { rate_limit_info: { ...info, isUsingOverage: false } })];
}

function tellError(session: Session, failure: ToldFailure): Output {
  const message = {
    id: randomUUID(),
    model: "<synthetic>",
    role: "assistant",
    type: "message",
    stop_reason: "stop_sequence",
    stop_sequence: "",
    usage: { input_tokens: 0, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 0 },
    content: [{ type: "text", text: `API Error: ${withStatus(failure)}` }],
  };
  const error = FAILURE_TEXTS[failure.name].claudeName;
  const fields = { error, is_api_error_message: true, api_error_status: failure.status ?? null };
  return event(session, "assistant", { message, parent_tool_use_id: null, ...fields });
}

/** The subtype is `success` even where it failed: `is_error` tells. */
function toResult(session: Session, failure?: ToldFailure): Output {
  const { usage, costUsd, model } = session;
  const duration = Date.now() - session.startedAt;
  return event(session, "result", {
    subtype: "success",
    is_error: failure !== undefined,
    api_error_status: failure?.status ?? null,
    terminal_reason: failure === undefined ? "completed" : "api_error",
    duration_ms: duration,
    duration_api_ms: duration,
    num_turns: session.turns,
    stop_reason: failure === undefined ? "end_turn" : "stop_sequence",
    result: failure === undefined ? session.finalText : `API Error: ${withStatus(failure)}`,
    total_cost_usd: costUsd,
    usage: {
      input_tokens: usage.input,
      cache_creation_input_tokens: usage.cacheWrite,
      cache_read_input_tokens: usage.cacheRead,
      output_tokens: usage.output,
      output_tokens_details: { thinking_tokens: usage.reasoning },
    },
    modelUsage: {
      [model]: {
        inputTokens: usage.input,
        outputTokens: usage.output,
        cacheReadInputTokens: usage.cacheRead,
        cacheCreationInputTokens: usage.cacheWrite,
        costUSD: costUsd,
        contextWindow: 1_000_000,
      },
    },
    permission_denials: [],
  });
}
