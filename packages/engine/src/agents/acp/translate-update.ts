import { type AgentEvent, type MicroUsd, NO_USAGE } from "@cloister/core";
import { amountAt, type JsonObject, objectAt, textAt } from "../json-value.ts";
import { createMessageBuffer } from "../message-buffer.ts";
import { summarizeArguments, toSummary } from "../text.ts";
import { createToolNames } from "../tool-names.ts";
import { toCost } from "./usage.ts";

/** Turns the updates of a session into events; remembers the message and the tool calls under way. */
export type UpdateTranslator = {
  /** What a `session/update` brings. Throws nothing, whatever it holds; an unknown kind gives none. */
  readonly translate: (update: JsonObject) => readonly AgentEvent[];
  /** Ends the message under way. */
  readonly end: () => readonly AgentEvent[];
  /** The money spent so far, where the agent told. */
  readonly cost: () => MicroUsd | undefined;
};

/** A translator for a new session. */
export function createUpdateTranslator(): UpdateTranslator {
  const passages = createPassages();
  const tools = createToolNames();
  let cost: MicroUsd | undefined;

  const onCall = (update: JsonObject): readonly AgentEvent[] => {
    const id = textAt(update, "toolCallId") ?? "";
    const events = [...passages.end()];
    if (!tools.has(id)) {
      const tool = toSummary(textAt(update, "name") ?? textAt(update, "kind") ?? "tool");
      tools.begin(id, tool);
      events.push({ type: "tool_called", tool, summary: describeCall(update) });
    }
    const status = textAt(update, "status");
    if (status !== "completed" && status !== "failed") return events;
    return [
      ...events,
      { type: "tool_finished", tool: tools.end(id), ok: status === "completed", summary: describeCall(update) },
    ];
  };
  const onUsage = (update: JsonObject): readonly AgentEvent[] => {
    cost = readCost(update) ?? cost;
    return cost === undefined ? [] : [{ type: "usage", usage: NO_USAGE, cost }];
  };

  const handlers: Readonly<Record<string, (update: JsonObject) => readonly AgentEvent[]>> = {
    agent_message_chunk: (update) => passages.add("message", update),
    agent_thought_chunk: (update) => passages.add("thought", update),
    tool_call: onCall,
    tool_call_update: onCall,
    usage_update: onUsage,
  };
  return {
    translate(update) {
      const kind = textAt(update, "sessionUpdate") ?? "";
      return Object.hasOwn(handlers, kind) ? (handlers[kind]?.(update) ?? []) : [];
    },
    end: passages.end,
    cost: () => cost,
  };
}

type Kind = "message" | "thought";
type Passages = {
  /** Adds a chunk; the events of the passage that it ends, where it belongs to another. */
  readonly add: (kind: Kind, update: JsonObject) => readonly AgentEvent[];
  readonly end: () => readonly AgentEvent[];
};

/** Puts chunks together to whole messages and thoughts. One ends where the kind or the message's id changes, or at a tool call. */
function createPassages(): Passages {
  const buffer = createMessageBuffer();
  let current: { readonly kind: Kind; readonly id: string | undefined } | undefined;
  const end = (): readonly AgentEvent[] => {
    const kind = current?.kind;
    current = undefined;
    const events = buffer.flush();
    return kind === "thought"
      ? events.flatMap((event) => ("text" in event ? [{ ...event, type: "thought" } as AgentEvent] : []))
      : events;
  };
  return {
    add(kind, update) {
      const id = textAt(update, "messageId");
      const ended = current?.kind === kind && current.id === id ? [] : end();
      current = { kind, id };
      buffer.add(textAt(update, "content", "text") ?? "");
      return ended;
    },
    end,
  };
}

function describeCall(update: JsonObject): string {
  return toSummary(textAt(update, "title") ?? summarizeArguments(objectAt(update, "rawInput")));
}

/** `used` and `size` say how full the context is, not what was spent: of such an update, the money alone counts. */
function readCost(update: JsonObject): MicroUsd | undefined {
  const amount = amountAt(update, "cost", "amount");
  const currency = textAt(update, "cost", "currency");
  return amount === undefined || currency === undefined ? undefined : toCost({ amount, currency });
}
