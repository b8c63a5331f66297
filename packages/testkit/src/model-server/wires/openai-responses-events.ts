import { asObjects, asText, type JsonObject } from "../json.ts";
import { toPieces } from "./server-sent-events.ts";

/** An event of a Responses stream, before it gets its sequence number. */
type ResponseEvent = { readonly type: string } & JsonObject;

/** The events that stream one output item: added, its content piece by piece, done. */
export function toItemEvents(item: JsonObject, index: number): readonly ResponseEvent[] {
  const place = { item_id: item["id"], output_index: index };
  return [
    { type: "response.output_item.added", output_index: index, item: { ...item, ...EMPTY[asText(item["type"])] } },
    ...toContentEvents(item).map((event) => ({ ...event, ...place })),
    { type: "response.output_item.done", output_index: index, item },
  ];
}

/** What an item of each type is before its content has come. */
const EMPTY: Readonly<Record<string, JsonObject>> = {
  message: { status: "in_progress", content: [] },
  reasoning: { summary: [] },
  function_call: { status: "in_progress", arguments: "" },
  custom_tool_call: { status: "in_progress", input: "" },
};

function toContentEvents(item: JsonObject): readonly ResponseEvent[] {
  switch (item["type"]) {
    case "message":
      return messageEvents(asText(asObjects(item["content"])[0]?.["text"]));
    case "reasoning":
      return reasoningEvents(asText(asObjects(item["summary"])[0]?.["text"]));
    case "function_call":
      return [
        { type: "response.function_call_arguments.delta", delta: item["arguments"] },
        { type: "response.function_call_arguments.done", arguments: item["arguments"] },
      ];
    default:
      return [
        { type: "response.custom_tool_call_input.delta", delta: item["input"] },
        { type: "response.custom_tool_call_input.done", input: item["input"] },
      ];
  }
}

function messageEvents(text: string): readonly ResponseEvent[] {
  const part = { type: "output_text", text: "", annotations: [] };
  return [
    { type: "response.content_part.added", content_index: 0, part },
    ...toPieces(text).map((delta) => ({ type: "response.output_text.delta", content_index: 0, delta })),
    { type: "response.output_text.done", content_index: 0, text },
    { type: "response.content_part.done", content_index: 0, part: { ...part, text } },
  ];
}

function reasoningEvents(text: string): readonly ResponseEvent[] {
  const part = { type: "summary_text", text: "" };
  return [
    { type: "response.reasoning_summary_part.added", summary_index: 0, part },
    ...toPieces(text).map((delta) => ({ type: "response.reasoning_summary_text.delta", summary_index: 0, delta })),
    { type: "response.reasoning_summary_text.done", summary_index: 0, text },
    { type: "response.reasoning_summary_part.done", summary_index: 0, part: { ...part, text } },
  ];
}
