import type { AgentEvent } from "@cloister/core";
import type { Translator } from "../converse.ts";
import { classifyFailure, toFailedEvent } from "../failure.ts";
import { countAt, type JsonObject, objectAt, textAt } from "../json-value.ts";
import { summarizeArguments, toSummary } from "../text.ts";
import { createToolNames } from "../tool-names.ts";

/** Items that are acts, and what the act is called; other items are text, plans or notices. */
const ACTS: Readonly<Record<string, string>> = {
  command_execution: "shell",
  file_change: "edit",
  web_search: "web_search",
  mcp_tool_call: "mcp",
  collab_tool_call: "agent",
};

/**
 * Translates `codex exec --json`.
 * @param model what was asked for: Codex itself does not say which model it uses.
 */
export function createCodexTranslator(model: string | undefined): Translator {
  const tools = createToolNames();

  const call = (item: JsonObject, tool: string): AgentEvent => {
    tools.begin(textAt(item, "id") ?? "", tool);
    return { type: "tool_called", tool, summary: describeAct(item) };
  };

  const translateItem = (item: JsonObject, isCompleted: boolean): AgentEvent[] => {
    const tool = toToolName(item);
    if (tool !== undefined) {
      const called = tools.has(textAt(item, "id") ?? "") ? [] : [call(item, tool)];
      return isCompleted ? [...called, finishAct(item, tools.end(textAt(item, "id") ?? ""))] : called;
    }
    const text = textAt(item, "text");
    if (!isCompleted || text === undefined) return [];
    const type = textAt(item, "type");
    if (type === "agent_message") return [{ type: "message", text }];
    return type === "reasoning" ? [{ type: "thought", text }] : [];
  };

  const translateUsage = (usage: JsonObject): AgentEvent => {
    const cacheRead = countAt(usage, "cached_input_tokens");
    const cacheWrite = countAt(usage, "cache_write_input_tokens");
    const input = Math.max(0, countAt(usage, "input_tokens") - cacheRead - cacheWrite);
    const output = countAt(usage, "output_tokens");
    const reasoning = countAt(usage, "reasoning_output_tokens");
    return {
      type: "usage",
      usage: { input, cacheRead, cacheWrite, output, reasoning },
      ...(model === undefined ? {} : { model }),
    };
  };

  return {
    translate(line) {
      switch (textAt(line, "type") ?? "") {
        case "thread.started":
          return [translateStart(line, model)];
        case "item.started":
          return translateItem(objectAt(line, "item"), false);
        case "item.completed":
          return translateItem(objectAt(line, "item"), true);
        case "error":
          return translateError(textAt(line, "message") ?? "");
        case "turn.completed":
          return [translateUsage(objectAt(line, "usage")), { type: "finished", ok: true }];
        case "turn.failed":
          return [
            toFailedEvent(classifyFailure({ message: textAt(line, "error", "message") ?? "" })),
            { type: "finished", ok: false },
          ];
        default:
          return [];
      }
    },
  };
}

function translateStart(line: JsonObject, model: string | undefined): AgentEvent {
  const sessionId = textAt(line, "thread_id");
  return {
    type: "session_started",
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(model === undefined ? {} : { model }),
  };
}

/** An error while it goes on is a retry; the one that ends the turn is said again by `turn.failed`. */
function translateError(message: string): AgentEvent[] {
  if (!message.startsWith("Reconnecting")) return [];
  const { failure, message: text } = classifyFailure({ message });
  return [{ type: "retrying", failure: failure === "crash" ? "network" : failure, message: text }];
}

function toToolName(item: JsonObject): string | undefined {
  const type = textAt(item, "type") ?? "";
  const name = Object.hasOwn(ACTS, type) ? ACTS[type] : undefined;
  return name === "mcp" ? `${textAt(item, "server") ?? "mcp"}.${textAt(item, "tool") ?? "tool"}` : name;
}

function describeAct(item: JsonObject): string {
  const [change] = Array.isArray(item["changes"]) ? (item["changes"] as unknown[]) : [];
  return summarizeArguments(change ?? item["arguments"] ?? item);
}

function finishAct(item: JsonObject, tool: string): AgentEvent {
  const ok = textAt(item, "status") !== "failed" && (item["exit_code"] ?? 0) === 0;
  return {
    type: "tool_finished",
    tool,
    ok,
    summary: toSummary(textAt(item, "aggregated_output") ?? describeAct(item)),
  };
}
