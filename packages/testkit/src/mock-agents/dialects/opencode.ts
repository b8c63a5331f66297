import type { JsonObject } from "../../model-server/json.ts";
import { promptTokens } from "../../token-counts.ts";
import { withReset } from "../failure-texts.ts";
import type { Session } from "../session.ts";
import type { Dialect, Output } from "./dialect.ts";

/** opencode 1.18: `opencode run --format json`. A call is told once, when it is done. */
export const opencode: Dialect = {
  version: "1.18.33",
  model: "anthropic/claude-opus-5-5",
  open: (session) => [part(session, "step_start", { type: "step-start" })],
  message: (session, text) => {
    const now = Date.now();
    return [part(session, "text", { type: "text", text, time: { start: now, end: now } })];
  },
  thought: (session, text) => {
    const now = Date.now();
    return [part(session, "reasoning", { type: "reasoning", text, time: { start: now, end: now } })];
  },
  call: () => [],
  result: (session, { id, tool, input }, { output, exitCode }) => {
    const state = { status: "completed", input, output, metadata: { output, exit: exitCode }, title: tool };
    const name = tool === "shell" ? "bash" : tool;
    return [part(session, "tool_use", { type: "tool", tool: name, callID: id, state })];
  },
  retry: () => [],
  fail: (session, failure) => {
    const { name, status, message } = failure;
    if (name === "crash") return [{ stderr: message }];
    const data = {
      message: withReset(failure, message, Date.now()),
      ...(status === undefined ? {} : { statusCode: status }),
      isRetryable: name === "rate_limit" || name === "overloaded" || name === "network",
    };
    return [event(session, "error", { error: { name: "APIError", data } })];
  },
  exitCode: () => 1,
  finish: (session) => {
    const { usage, costUsd } = session;
    const tokens = {
      total: promptTokens(usage) + usage.output,
      input: usage.input,
      output: usage.output - Math.min(usage.reasoning, usage.output),
      reasoning: usage.reasoning,
      cache: { read: usage.cacheRead, write: usage.cacheWrite },
    };
    return [part(session, "step_finish", { type: "step-finish", reason: "stop", tokens, cost: costUsd })];
  },
};

function sessionId({ id }: Session): string {
  return `ses_${id.replaceAll("-", "").slice(0, 26)}`;
}

function event(session: Session, type: string, fields: JsonObject): Output {
  return { json: { type, timestamp: Date.now(), sessionID: sessionId(session), ...fields } };
}

function part(session: Session, type: string, fields: JsonObject): Output {
  const ids = { id: `prt_mock${session.turns}`, messageID: "msg_mock", sessionID: sessionId(session) };
  return event(session, type, { part: { ...ids, ...fields } });
}
