import type { JsonObject } from "../../model-server/json.ts";
import { promptTokens } from "../../token-counts.ts";
import { type ToldFailure, withReset } from "../failure-texts.ts";
import type { Session } from "../session.ts";
import type { Dialect, Output } from "./dialect.ts";

/** The exit status of a failed login. */
const AUTH_EXIT = 41;

/** Gemini CLI 0.61: `gemini -p … --output-format stream-json`. It tells no thoughts; API errors exit with their status mod 256. */
export const gemini: Dialect = {
  version: "0.61.0",
  model: "gemini-3.1-pro-preview",
  open: ({ id, model }) => [
    event("init", { session_id: id, model }),
    event("message", { role: "user", content: "The prompt." }),
  ],
  message: (_session, text) => {
    const content = { role: "assistant", content: text, delta: true };
    return [event("message", content)];
  },
  thought: () => [],
  call: (_session, { id, tool, input }) => [
    event("tool_use", { tool_name: toName(tool), tool_id: `${toName(tool)}__${id}`, parameters: input }),
  ],
  result: (_session, { id, tool }, { output, exitCode }) => {
    const status = exitCode === 0 ? "success" : "error";
    return [event("tool_result", { tool_id: `${toName(tool)}__${id}`, status, output })];
  },
  retry: (_session, { message }, delayMs) => [
    { stderr: `Attempt 1 failed: ${message}. Retrying after ${delayMs}ms...` },
  ],
  fail: (session, failure) => {
    if (failure.name === "crash") return [{ stderr: failure.message }];
    const { status, message } = failure;
    const body = { error: { code: status, message: withReset(failure, message, Date.now()) } };
    const error = { type: "unknown", message: `[API Error: ${JSON.stringify(body)}]` };
    return [event("result", { status: "error", error, stats: toStats(session) })];
  },
  exitCode: ({ name, status }: ToldFailure) => (name === "auth" ? AUTH_EXIT : (status ?? 1) % 256),
  finish: (session) => [event("result", { status: "success", stats: toStats(session) })],
};

function event(type: string, fields: JsonObject): Output {
  return { json: { type, timestamp: new Date().toISOString(), ...fields } };
}

function toName(tool: string): string {
  return tool === "shell" ? "run_shell_command" : tool;
}

/** `output_tokens` leaves thoughts out; they are in the total alone. */
function toStats({ usage, model, toolCalls, startedAt }: Session): JsonObject {
  const tokens = {
    total_tokens: promptTokens(usage) + usage.output,
    input_tokens: promptTokens(usage),
    output_tokens: usage.output - Math.min(usage.reasoning, usage.output),
    cached: usage.cacheRead,
    input: usage.input + usage.cacheWrite,
  };
  return { ...tokens, duration_ms: Date.now() - startedAt, tool_calls: toolCalls, models: { [model]: tokens } };
}
