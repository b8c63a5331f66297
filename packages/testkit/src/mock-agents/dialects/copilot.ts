import { randomUUID } from "node:crypto";
import type { JsonObject } from "../../model-server/json.ts";
import { withReset, withStatus, type ToldFailure } from "../failure-texts.ts";
import type { Session } from "../session.ts";
import type { Dialect, Output } from "./dialect.ts";

/** GitHub Copilot CLI 1.0: `copilot -p … --output-format json`. It counts neither tokens nor money. */
export const copilot: Dialect = {
  version: "GitHub Copilot CLI 1.0.102.",
  model: "gpt-6.1-sol",
  open: ({ model }) => [
    event("session.tools_updated", { model }),
    event("user.message", { content: "The prompt." }),
    event("assistant.turn_start", { turnId: "0" }),
  ],
  message: (session, content) => [event("assistant.message", toMessage(session, content, []))],
  thought: (_session, content) => [event("assistant.reasoning", { reasoningId: randomUUID(), content })],
  call: (session, { id, tool, input }) => {
    const name = tool === "shell" ? "bash" : tool;
    const request = { toolCallId: id, name, arguments: input, type: "function" };
    return [
      event("assistant.message", toMessage(session, "", [request])),
      event("tool.execution_start", { toolCallId: id, toolName: name, arguments: input, model: session.model }),
    ];
  },
  result: (_session, { id }, { output, exitCode }) => {
    const content = `${output}<exited with exit code ${exitCode}>`;
    // A command that fails is still a call that worked: only the tool's own failure is none.
    const outcome = { success: true, result: { content, detailedContent: content }, shellExecution: { exitCode } };
    return [event("tool.execution_complete", { toolCallId: id, ...outcome })];
  },
  retry: ({ model }, failure) => [
    event("model.call_failure", {
      model,
      statusCode: failure.status ?? 0,
      retryAttempt: 1,
      errorMessage: failure.message,
      errorType: toErrorType(failure),
    }),
    event("assistant.turn_retry", { model, turnId: "0", reason: toErrorType(failure) }),
  ],
  fail: (session, failure) => {
    if (failure.name === "crash") return [{ stderr: failure.message }];
    const { status } = failure;
    const message = withReset(failure, withStatus(failure), Date.now());
    const fields = {
      errorType: toErrorType(failure),
      message,
      ...(status === undefined ? {} : { statusCode: status }),
    };
    return [event("session.error", fields), toResult(session, 1)];
  },
  exitCode: () => 1,
  finish: (session) => [event("assistant.turn_end", { turnId: "0" }), toResult(session, 0)],
};

function event(type: string, data: JsonObject): Output {
  return { json: { type, data, id: randomUUID(), timestamp: new Date().toISOString(), parentId: randomUUID() } };
}

function toMessage({ model, turns }: Session, content: string, toolRequests: readonly JsonObject[]): JsonObject {
  return { messageId: randomUUID(), model, content, toolRequests, turnId: String(turns) };
}

function toErrorType({ name }: ToldFailure): string {
  if (name === "auth") return "authentication";
  return name === "rate_limit" ? "rate_limit" : "query";
}

function toResult({ id, startedAt }: Session, exitCode: number): Output {
  const codeChanges = { linesAdded: 0, linesRemoved: 0, filesModified: [] };
  const duration = Date.now() - startedAt;
  const usage = { premiumRequests: 1, totalApiDurationMs: duration, sessionDurationMs: duration, codeChanges };
  return { json: { type: "result", timestamp: new Date().toISOString(), sessionId: id, exitCode, usage } };
}
