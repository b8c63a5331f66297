import type { JsonObject } from "../../model-server/json.ts";
import { promptTokens } from "../../token-counts.ts";
import { type ToldFailure, withReset } from "../failure-texts.ts";
import type { Session } from "../session.ts";
import type { Dialect, Output, ToldCall, ToldResult } from "./dialect.ts";

/** Codex 0.169: `codex exec --json`. It names no model and no price. */
export const codex: Dialect = {
  version: "codex-cli 0.169.0",
  model: "gpt-6.1-sol",
  open: ({ id }) => [line({ type: "thread.started", thread_id: id }), line({ type: "turn.started" })],
  message: (session, text) => [completed({ id: itemId(session), type: "agent_message", text })],
  thought: (session, text) => [completed({ id: itemId(session), type: "reasoning", text })],
  call: (session, call) => [line({ type: "item.started", item: toItem(session, call) })],
  result: (session, call, result) => [completed(toItem(session, call, result))],
  retry: (_session, failure) => [line({ type: "error", message: `Reconnecting... 1/5 (${describe(failure)})` })],
  fail: (_session, failure) => {
    if (failure.name === "crash") return [{ stderr: failure.message }];
    const message = withReset(failure, describe(failure), Date.now());
    return [line({ type: "error", message }), line({ type: "turn.failed", error: { message } })];
  },
  exitCode: () => 1,
  finish: ({ usage }) => [
    line({
      type: "turn.completed",
      usage: {
        input_tokens: promptTokens(usage),
        cached_input_tokens: usage.cacheRead,
        cache_write_input_tokens: usage.cacheWrite,
        output_tokens: usage.output,
        reasoning_output_tokens: usage.reasoning,
      },
    }),
  ],
};

function line(json: JsonObject): Output {
  return { json };
}

function completed(item: JsonObject): Output {
  return line({ type: "item.completed", item });
}

function itemId({ turns }: Session): string {
  return `item_${turns}`;
}

function toItem(session: Session, { tool, input }: ToldCall, result?: ToldResult): JsonObject {
  const status = result === undefined ? "in_progress" : result.exitCode === 0 ? "completed" : "failed";
  if (tool !== "shell") {
    const content = result === undefined ? null : { content: [{ type: "text", text: result.output }] };
    return {
      id: itemId(session),
      type: "mcp_tool_call",
      server: "mock",
      tool,
      arguments: input,
      result: content,
      status,
    };
  }
  return {
    id: itemId(session),
    type: "command_execution",
    command: `/bin/bash -lc ${JSON.stringify(input["command"])}`,
    aggregated_output: result?.output ?? "",
    exit_code: result?.exitCode ?? null,
    status,
  };
}

function describe({ name, status, message }: ToldFailure): string {
  if (name === "budget") return "Quota exceeded. Check your plan and billing details.";
  return status === undefined || name === "rate_limit" ? message : `unexpected status ${status}: ${message}`;
}
