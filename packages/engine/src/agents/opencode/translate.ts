import { type AgentEvent, addUsage, fromUsd, NO_USAGE, type TokenUsage } from "@cloister/core";
import type { Translator } from "../converse.ts";
import { classifyFailure, toFailedEvent } from "../failure.ts";
import { amountAt, countAt, type JsonObject, objectAt, textAt } from "../json-value.ts";
import { summarizeArguments, toSummary } from "../text.ts";

/**
 * Translates `opencode run --format json`.
 * @param model what was asked for: opencode itself does not say which model it uses.
 */
export function createOpencodeTranslator(model: string | undefined): Translator {
  let hasStarted = false;
  let usage: TokenUsage = NO_USAGE;
  let usd = 0;

  const start = (line: JsonObject): AgentEvent[] => {
    if (hasStarted) return [];
    hasStarted = true;
    const sessionId = textAt(line, "sessionID");
    return [{ type: "session_started", ...(sessionId === undefined ? {} : { sessionId }) }];
  };
  const finishStep = (part: JsonObject): AgentEvent[] => {
    usage = addUsage(usage, readUsage(objectAt(part, "tokens")));
    usd = Math.min(Number.MAX_SAFE_INTEGER, usd + (amountAt(part, "cost") ?? 0));
    // A model whose price opencode does not know costs 0: then nothing is said, and the price table may know.
    const money = { ...(model === undefined ? {} : { model }), ...(usd > 0 ? { cost: fromUsd(usd) } : {}) };
    const told: AgentEvent = { type: "usage", usage, ...money };
    return textAt(part, "reason") === "stop" ? [told, { type: "finished", ok: true }] : [told];
  };

  return {
    translate(line) {
      const part = objectAt(line, "part");
      switch (textAt(line, "type") ?? "") {
        case "step_start":
          return start(line);
        case "step_finish":
          return finishStep(part);
        case "text":
          return toText("message", part);
        case "reasoning":
          return toText("thought", part);
        case "tool_use":
          return translateTool(part);
        case "error":
          return [toFailedEvent(readError(objectAt(line, "error"))), { type: "finished", ok: false }];
        default:
          return [];
      }
    },
  };
}

function toText(type: "message" | "thought", part: JsonObject): AgentEvent[] {
  const text = textAt(part, "text");
  return text === undefined ? [] : [{ type, text }];
}

/** A tool is told of once, when it has ended. */
function translateTool(part: JsonObject): AgentEvent[] {
  const tool = textAt(part, "tool") ?? "tool";
  const state = objectAt(part, "state");
  const said = textAt(state, "output") ?? textAt(state, "error") ?? "";
  return [
    { type: "tool_called", tool, summary: summarizeArguments(objectAt(state, "input")) },
    { type: "tool_finished", tool, ok: textAt(state, "status") === "completed", summary: toSummary(said) },
  ];
}

function readUsage(tokens: JsonObject): TokenUsage {
  const input = countAt(tokens, "input");
  const cacheRead = countAt(tokens, "cache", "read");
  const cacheWrite = countAt(tokens, "cache", "write");
  const reasoning = countAt(tokens, "reasoning");
  // Whether `output` holds the reasoning depends on the provider; the total always does.
  const rest = countAt(tokens, "total") - input - cacheRead - cacheWrite;
  return { input, cacheRead, cacheWrite, output: Math.max(rest, countAt(tokens, "output")), reasoning };
}

function readError(error: JsonObject): ReturnType<typeof classifyFailure> {
  return classifyFailure({
    message: textAt(error, "data", "message") ?? textAt(error, "message") ?? "",
    status: amountAt(error, "data", "statusCode"),
    kind: textAt(error, "name"),
  });
}
