import { randomUUID } from "node:crypto";
import type { JsonObject } from "../../model-server/json.ts";
import { promptTokens } from "../../token-counts.ts";
import { withReset, withStatus } from "../failure-texts.ts";
import type { Session } from "../session.ts";
import type { Dialect, Output } from "./dialect.ts";

/** Qwen Code 0.24: `qwen -p … --output-format stream-json`. Like Claude's stream, but errors and usage differ. */
export const qwen: Dialect = {
  version: "0.24.4",
  model: "qwen3-coder-plus",
  open: (session) => {
    const { workspace, model } = session;
    const tools = ["read_file", "write_file", "edit", "run_shell_command"];
    const fields = { cwd: workspace, tools, mcp_servers: [], model, permission_mode: "yolo" };
    return [event(session, "system", { subtype: "init", ...fields })];
  },
  message: (session, text) => [assistant(session, { type: "text", text })],
  thought: (session, thinking) => [assistant(session, { type: "thinking", thinking, signature: "" })],
  call: (session, { id, tool, input }) => {
    const name = tool === "shell" ? "run_shell_command" : tool;
    return [assistant(session, { type: "tool_use", id, name, input })];
  },
  result: (session, { id }, { output, exitCode }) => {
    const content = [{ type: "tool_result", tool_use_id: id, is_error: exitCode !== 0, content: output }];
    return [event(session, "user", { parent_tool_use_id: null, message: { role: "user", content } })];
  },
  retry: (_session, failure, delayMs) => [
    { stderr: `Attempt 1 failed with status ${failure.status ?? "none"}. Retrying with backoff... ${delayMs}ms` },
  ],
  fail: (session, failure) => {
    if (failure.name === "crash") return [{ stderr: failure.message }];
    const text = `[API Error: ${withReset(failure, withStatus(failure), Date.now())}]`;
    return [assistant(session, { type: "text", text }), toResult(session, text)];
  },
  exitCode: () => 1,
  finish: (session) => [toResult(session)],
};

function event(session: Session, type: string, fields: JsonObject): Output {
  return { json: { type, uuid: randomUUID(), session_id: session.id, ...fields } };
}

function assistant(session: Session, block: JsonObject): Output {
  const message = {
    id: randomUUID(),
    type: "message",
    role: "assistant",
    model: session.model,
    content: [block],
    stop_reason: block["type"] === "tool_use" ? "tool_use" : null,
    usage: { input_tokens: 0, output_tokens: 0 },
  };
  return event(session, "assistant", { parent_tool_use_id: null, message });
}

/** `input_tokens` counts cached ones too. */
function toResult(session: Session, error?: string): Output {
  const { usage } = session;
  const duration = Date.now() - session.startedAt;
  const input = promptTokens(usage);
  return event(session, "result", {
    subtype: error === undefined ? "success" : "error_during_execution",
    is_error: error !== undefined,
    duration_ms: duration,
    duration_api_ms: duration,
    num_turns: session.turns,
    ...(error === undefined ? { result: session.finalText } : { error: { message: error } }),
    usage: {
      input_tokens: input,
      output_tokens: usage.output,
      cache_read_input_tokens: usage.cacheRead,
      total_tokens: input + usage.output,
    },
    permission_denials: [],
  });
}
