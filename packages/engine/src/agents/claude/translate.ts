import type { AgentEvent } from "@cloister/core";
import type { Translator } from "../converse.ts";
import { toFailedEvent } from "../failure.ts";
import { amountAt, countAt, isTrueAt, type JsonObject, listAt, objectAt, textAt } from "../json-value.ts";
import { summarizeArguments, toSummary } from "../text.ts";
import { createToolNames, type ToolNames } from "../tool-names.ts";
import { type ClaudeDialect, isError, readFailure, readRetry, readUsage, toUsageEvent } from "./read-line.ts";
import { createUsageTotal, type UsageTotal } from "./usage-total.ts";

/** What has to be remembered from one line to the next. */
type State = {
  readonly dialect: ClaudeDialect;
  readonly tools: ToolNames;
  readonly total: UsageTotal;
  model?: string;
  /** The kind of the last error that was told in the assistant's place. */
  errorKind?: string;
  /** When a spent subscription window opens again, ms since the epoch. */
  resetAt?: number;
};

/** Translates `claude -p --output-format stream-json --verbose`, and what follows its format. */
export function createClaudeTranslator(dialect: ClaudeDialect): Translator {
  const state: State = { dialect, tools: createToolNames(), total: createUsageTotal() };
  return {
    translate(line) {
      switch (textAt(line, "type") ?? "") {
        case "system":
          return translateSystem(state, line);
        case "assistant":
          return translateAssistant(state, line);
        case "user":
          return translateUser(state, line);
        case "rate_limit_event":
          return noteWindow(state, objectAt(line, "rate_limit_info"));
        case "result":
          return translateResult(state, line);
        default:
          return [];
      }
    },
  };
}

function translateSystem(state: State, line: JsonObject): AgentEvent[] {
  const subtype = textAt(line, "subtype");
  if (subtype === "api_retry") return [readRetry(line)];
  if (subtype !== "init") return [];
  const sessionId = textAt(line, "session_id");
  const model = textAt(line, "model");
  if (model !== undefined) state.model = model;
  const session = sessionId === undefined ? {} : { sessionId };
  return [{ type: "session_started", ...session, ...(model === undefined ? {} : { model }) }];
}

function translateAssistant(state: State, line: JsonObject): AgentEvent[] {
  if (isError(line, state.dialect)) {
    const kind = textAt(line, "error");
    if (kind !== undefined) state.errorKind = kind;
    return [];
  }
  // What a subagent says is a tool's business: it is not the agent's message, whatever it claims.
  const isSubagent = textAt(line, "parent_tool_use_id") !== undefined;
  const events = listAt(line, "message", "content").flatMap((block) =>
    textAt(block, "type") === "tool_use" ? [callTool(state, block)] : isSubagent ? [] : translateText(block),
  );
  const usage = readUsage(objectAt(line, "message", "usage"), state.dialect);
  const total = state.total.set(textAt(line, "message", "id") ?? "", usage);
  return total === undefined ? events : [...events, toUsageEvent(total, state.model)];
}

function callTool(state: State, block: unknown): AgentEvent {
  const tool = textAt(block, "name") ?? "tool";
  state.tools.begin(textAt(block, "id") ?? "", tool);
  return { type: "tool_called", tool, summary: summarizeArguments(objectAt(block, "input")) };
}

function translateText(block: unknown): AgentEvent[] {
  const thought = textAt(block, "thinking");
  if (textAt(block, "type") === "thinking" && thought !== undefined) return [{ type: "thought", text: thought }];
  const text = textAt(block, "text");
  return textAt(block, "type") === "text" && text !== undefined ? [{ type: "message", text }] : [];
}

function translateUser(state: State, line: JsonObject): AgentEvent[] {
  return listAt(line, "message", "content")
    .filter((block) => textAt(block, "type") === "tool_result")
    .map((block) => ({
      type: "tool_finished",
      tool: state.tools.end(textAt(block, "tool_use_id") ?? ""),
      ok: !isTrueAt(block, "is_error"),
      summary: toSummary(textAt(block, "content") ?? textAt(listAt(block, "content")[0], "text") ?? ""),
    }));
}

function noteWindow(state: State, window: JsonObject): AgentEvent[] {
  const seconds = countAt(window, "resetsAt");
  if (textAt(window, "status") === "rejected" && seconds > 0) state.resetAt = seconds * 1000;
  return [];
}

function translateResult(state: State, line: JsonObject): AgentEvent[] {
  const cost = amountAt(line, "total_cost_usd");
  const usage = toUsageEvent(readUsage(objectAt(line, "usage"), state.dialect), state.model, cost);
  const text = textAt(line, "result");
  // On an error of the model's provider `subtype` still says "success": `is_error` is what counts.
  const ok = textAt(line, "subtype") === "success" && !isTrueAt(line, "is_error");
  if (ok) return [usage, { type: "finished", ok, ...(text === undefined ? {} : { text }) }];
  return [usage, toFailedEvent(readFailure(line, state)), { type: "finished", ok }];
}
