import type { AgentEvent } from "@cloister/core";
import type { Translator } from "../converse.ts";
import { classifyFailure, toFailedEvent, type ToldError } from "../failure.ts";
import { amountAt, countAt, isTrueAt, type JsonObject, objectAt, textAt } from "../json-value.ts";
import { summarizeArguments, toSummary } from "../text.ts";
import { createToolNames } from "../tool-names.ts";

/** Translates `copilot --output-format json`. */
export function createCopilotTranslator(): Translator {
  const tools = createToolNames();
  let hasStarted = false;

  const start = (data: JsonObject): AgentEvent[] => {
    const model = textAt(data, "model");
    if (hasStarted || model === undefined) return [];
    hasStarted = true;
    return [{ type: "session_started", model }];
  };
  const call = (data: JsonObject): AgentEvent[] => {
    const tool = textAt(data, "toolName") ?? "tool";
    tools.begin(textAt(data, "toolCallId") ?? "", tool);
    return [{ type: "tool_called", tool, summary: summarizeArguments(data["arguments"]) }];
  };
  const finishCall = (data: JsonObject): AgentEvent[] => {
    const said = textAt(data, "result", "content") ?? textAt(data, "error", "message") ?? "";
    const tool = tools.end(textAt(data, "toolCallId") ?? "");
    return [{ type: "tool_finished", tool, ok: isTrueAt(data, "success"), summary: toSummary(said) }];
  };

  return {
    translate(line) {
      const data = objectAt(line, "data");
      switch (textAt(line, "type") ?? "") {
        case "session.tools_updated":
          return start(data);
        case "assistant.message":
          return translateMessage(data);
        case "assistant.reasoning":
          return toText("thought", data);
        case "tool.execution_start":
          return call(data);
        case "tool.execution_complete":
          return finishCall(data);
        case "model.call_failure":
          return translateCallFailure(data);
        case "session.error":
          return [toFailedEvent(classifyFailure(toTold(data)))];
        case "result":
          return [{ type: "finished", ok: line["exitCode"] === 0 }];
        default:
          return [];
      }
    },
  };
}

/** What a subagent says is a tool's business: it is not the agent's message, whatever it claims. */
function translateMessage(data: JsonObject): AgentEvent[] {
  return textAt(data, "parentToolCallId") === undefined ? toText("message", data) : [];
}

function toText(type: "message" | "thought", data: JsonObject): AgentEvent[] {
  const text = textAt(data, "content");
  return text === undefined ? [] : [{ type, text }];
}

/** The first failure of a call may be the end of it; a failure at a later attempt tells that it retries. */
function translateCallFailure(data: JsonObject): AgentEvent[] {
  if (countAt(data, "retryAttempt") === 0) return [];
  const { failure, message } = classifyFailure(toTold(data));
  return [{ type: "retrying", failure, message }];
}

function toTold(data: JsonObject): ToldError {
  return {
    message: textAt(data, "message") ?? textAt(data, "errorMessage") ?? "",
    status: amountAt(data, "statusCode"),
    kind: textAt(data, "errorType"),
  };
}
