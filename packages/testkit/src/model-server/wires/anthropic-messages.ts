import { asObject, asObjects, asText, contentText, type JsonObject } from "../json.ts";
import { namedEvent, toPieces } from "./server-sent-events.ts";
import type { Answer, ModelRequest, OfferedTool, ToolResult, Wire } from "./wire.ts";

const ERROR_TYPES: Readonly<Record<number, string>> = {
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  500: "api_error",
  529: "overloaded_error",
};

/** Anthropic Messages: `POST …/messages` and `…/messages/count_tokens`. */
export const anthropicMessages: Wire = {
  name: "anthropic",
  overloadedStatus: 529,
  budgetStatus: 402,
  route: (path) => {
    if (path.endsWith("/messages/count_tokens")) return { kind: "count" };
    return path.endsWith("/messages") ? { kind: "generate" } : undefined;
  },
  read: (body, route) => readRequest(body, route.kind),
  defaultUsage: (step) => ({
    input: 1200 + step * 50,
    cacheRead: step === 0 ? 0 : 900,
    cacheWrite: step === 0 ? 900 : 0,
    output: 42,
    reasoning: 0,
  }),
  toSayableUsage: (usage) => ({ ...usage, reasoning: 0 }),
  toBody,
  toChunks,
  toErrorBody: ({ status, message }) => ({
    type: "error",
    error: { type: ERROR_TYPES[status] ?? "invalid_request_error", message },
  }),
  resetHeaders: (resetAt) => ({
    "anthropic-ratelimit-requests-reset": new Date(resetAt).toISOString(),
    "anthropic-ratelimit-tokens-reset": new Date(resetAt).toISOString(),
    "anthropic-ratelimit-unified-reset": String(Math.ceil(resetAt / 1000)),
    "anthropic-ratelimit-unified-status": "rejected",
  }),
  toCountBody: (tokens) => ({ input_tokens: tokens }),
};

function readRequest(body: JsonObject, kind: ModelRequest["kind"]): ModelRequest {
  const messages = asObjects(body["messages"]);
  const firstAnswer = messages.findIndex((message) => message["role"] === "assistant");
  const asked = firstAnswer < 0 ? messages : messages.slice(0, firstAnswer);
  const session = asText(asObject(body["metadata"])["user_id"]);
  const format = asObject(asObject(body["output_config"])["format"] ?? body["output_format"]);
  return {
    kind,
    model: asText(body["model"], "unknown"),
    stream: body["stream"] === true,
    tools: asObjects(body["tools"]).map(toTool),
    prompt: contentText(asked.map((message) => contentText(message["content"]))),
    answered: firstAnswer >= 0,
    results: messages.flatMap((message) => asObjects(message["content"])).flatMap(toResult),
    ...(session === "" ? {} : { session }),
    ...(format["type"] === "json_schema" ? { answerSchema: asObject(format["schema"]) } : {}),
  };
}

function toTool(tool: JsonObject): OfferedTool {
  return { name: asText(tool["name"]), freeform: false, schema: asObject(tool["input_schema"]) };
}

function toResult(block: JsonObject): readonly ToolResult[] {
  if (block["type"] !== "tool_result") return [];
  return [{ callId: asText(block["tool_use_id"]), text: contentText(block["content"]) }];
}

function toContent(answer: Answer): readonly JsonObject[] {
  const { thinking, text, calls } = answer;
  return [
    ...(thinking === undefined ? [] : [{ type: "thinking", thinking, signature: "c2NyaXB0ZWQ=" }]),
    ...(text === undefined ? [] : [{ type: "text", text }]),
    ...calls.map(({ id, tool, input }) => ({ type: "tool_use", id, name: tool.name, input })),
  ];
}

function toUsage({ usage }: Answer): JsonObject {
  return {
    input_tokens: usage.input,
    cache_creation_input_tokens: usage.cacheWrite,
    cache_read_input_tokens: usage.cacheRead,
    output_tokens: usage.output,
  };
}

function toBody(answer: Answer): JsonObject {
  return {
    id: `msg_${answer.id}`,
    type: "message",
    role: "assistant",
    model: answer.model,
    content: toContent(answer),
    stop_reason: answer.calls.length > 0 ? "tool_use" : "end_turn",
    stop_sequence: null,
    usage: toUsage(answer),
  };
}

function toChunks(answer: Answer): readonly string[] {
  const message = toBody(answer);
  const opening = { ...message, content: [], stop_reason: null, usage: { ...toUsage(answer), output_tokens: 1 } };
  const delta = { stop_reason: message["stop_reason"], stop_sequence: null };
  return [
    namedEvent("message_start", { message: opening }),
    ...toContent(answer).flatMap(toBlockChunks),
    namedEvent("message_delta", { delta, usage: toUsage(answer) }),
    namedEvent("message_stop", {}),
  ];
}

function toBlockChunks(block: JsonObject, index: number): readonly string[] {
  const { empty, deltas } = toDeltas(block);
  return [
    namedEvent("content_block_start", { index, content_block: { ...block, ...empty } }),
    ...deltas.map((delta) => namedEvent("content_block_delta", { index, delta })),
    namedEvent("content_block_stop", { index }),
  ];
}

/** What a block is before its deltas, and the deltas. */
function toDeltas(block: JsonObject): { readonly empty: JsonObject; readonly deltas: readonly JsonObject[] } {
  if (block["type"] === "tool_use") {
    const delta = { type: "input_json_delta", partial_json: JSON.stringify(block["input"]) };
    return { empty: { input: {} }, deltas: [delta] };
  }
  if (block["type"] === "thinking") {
    const thinking = toPieces(asText(block["thinking"])).map((piece) => ({ type: "thinking_delta", thinking: piece }));
    const signature = { type: "signature_delta", signature: block["signature"] };
    return { empty: { thinking: "", signature: "" }, deltas: [...thinking, signature] };
  }
  const deltas = toPieces(asText(block["text"])).map((text) => ({ type: "text_delta", text }));
  return { empty: { text: "" }, deltas };
}
