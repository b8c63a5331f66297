import type { AgentEvent } from "@cloister/core";
import type { Translator } from "../converse.ts";
import { classifyFailure, toFailedEvent } from "../failure.ts";
import { amountAt, countAt, isTrueAt, type JsonObject, objectAt, textAt } from "../json-value.ts";
import { createMessageBuffer } from "../message-buffer.ts";
import { summarizeArguments, toSummary } from "../text.ts";
import { createToolNames } from "../tool-names.ts";

/** Translates `gemini --output-format stream-json`. */
export function createGeminiTranslator(): Translator {
  const tools = createToolNames();
  const buffer = createMessageBuffer();
  let error: string | undefined;

  const translateMessage = (line: JsonObject): readonly AgentEvent[] => {
    if (textAt(line, "role") !== "assistant") return buffer.flush(); // The prompt, echoed.
    const before = isTrueAt(line, "delta") ? [] : buffer.flush();
    buffer.add(textAt(line, "content") ?? "");
    return before;
  };
  const translateAct = (line: JsonObject): AgentEvent => {
    const id = textAt(line, "tool_id") ?? "";
    if (textAt(line, "type") === "tool_result") {
      const ok = textAt(line, "status") === "success";
      const said = textAt(line, "output") ?? textAt(line, "error", "message") ?? "";
      return { type: "tool_finished", tool: tools.end(id), ok, summary: toSummary(said) };
    }
    const tool = textAt(line, "tool_name") ?? "tool";
    tools.begin(id, tool);
    return { type: "tool_called", tool, summary: summarizeArguments(objectAt(line, "parameters")) };
  };
  const translateResult = (line: JsonObject): AgentEvent[] => {
    const usage = readUsageEvent(objectAt(line, "stats"));
    const ok = textAt(line, "status") === "success";
    if (ok) return [usage, { type: "finished", ok }];
    const message = textAt(line, "error", "message") ?? error ?? "";
    const status = amountAt(line, "error", "code");
    const failure = classifyFailure({ message, status, kind: textAt(line, "error", "type") });
    return [usage, toFailedEvent(failure), { type: "finished", ok }];
  };

  return {
    translate(line) {
      switch (textAt(line, "type") ?? "") {
        case "init":
          return [translateInit(line)];
        case "message":
          return translateMessage(line);
        case "tool_use":
        case "tool_result":
          return [...buffer.flush(), translateAct(line)];
        case "error":
          if (textAt(line, "severity") === "error") error = textAt(line, "message");
          return buffer.flush();
        case "result":
          return [...buffer.flush(), ...translateResult(line)];
        default:
          return [];
      }
    },
    end: () => buffer.flush(),
  };
}

function translateInit(line: JsonObject): AgentEvent {
  const sessionId = textAt(line, "session_id");
  const model = textAt(line, "model");
  return {
    type: "session_started",
    ...(sessionId === undefined ? {} : { sessionId }),
    // "auto" is how it chooses, not what it uses.
    ...(model === undefined || model === "auto" ? {} : { model }),
  };
}

/** The usage of all models together, and the name of the one that did most. */
function readUsageEvent(stats: JsonObject): AgentEvent {
  const cacheRead = countAt(stats, "cached");
  const allInput = countAt(stats, "input_tokens");
  const answer = countAt(stats, "output_tokens");
  // Thoughts are output that is paid for, and are told in the total alone.
  const reasoning = Math.max(0, countAt(stats, "total_tokens") - allInput - answer);
  const input = Math.max(0, allInput - cacheRead);
  const usage = { input, cacheRead, cacheWrite: 0, output: answer + reasoning, reasoning };
  const [model] = Object.entries(objectAt(stats, "models"))
    .map(([name, tokens]) => ({ name, total: countAt(tokens, "total_tokens") }))
    .toSorted((left, right) => right.total - left.total);
  return { type: "usage", usage, ...(model === undefined ? {} : { model: model.name }) };
}
