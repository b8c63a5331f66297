import { promptTokens } from "../../token-counts.ts";
import { asObject, asObjects, asText, contentText, type JsonObject } from "../json.ts";
import { openAiResetHeaders, toOpenAiError } from "./openai-error.ts";
import { dataEvent, toPieces } from "./server-sent-events.ts";
import type { Answer, ModelRequest, Wire } from "./wire.ts";

/** OpenAI Chat Completions: `POST …/chat/completions`. */
export const openAiChat: Wire = {
  name: "chat",
  overloadedStatus: 503,
  budgetStatus: 402,
  route: (path) => (path.endsWith("/chat/completions") ? { kind: "generate" } : undefined),
  read: readRequest,
  defaultUsage: () => ({ input: 500, cacheRead: 1000, cacheWrite: 0, output: 60, reasoning: 0 }),
  toSayableUsage: (usage) => ({ ...usage, input: usage.input + usage.cacheWrite, cacheWrite: 0 }),
  toBody,
  toChunks,
  toErrorBody: (error) => toOpenAiError(error),
  resetHeaders: openAiResetHeaders,
  toCountBody: (tokens) => ({ input_tokens: tokens }),
};

function readRequest(body: JsonObject): ModelRequest {
  const messages = asObjects(body["messages"]);
  const firstAnswer = messages.findIndex((message) => message["role"] === "assistant");
  const asked = firstAnswer < 0 ? messages : messages.slice(0, firstAnswer);
  const session = asText(body["prompt_cache_key"]);
  const format = asObject(body["response_format"]);
  return {
    kind: "generate",
    model: asText(body["model"], "unknown"),
    stream: body["stream"] === true,
    tools: asObjects(body["tools"])
      .map((tool) => asObject(tool["function"]))
      .map((tool) => ({ name: asText(tool["name"]), freeform: false, schema: asObject(tool["parameters"]) })),
    prompt: contentText(asked.filter(({ role }) => role === "user").map(({ content }) => contentText(content))),
    answered: firstAnswer >= 0,
    results: messages
      .filter((message) => message["role"] === "tool")
      .map((message) => ({ callId: asText(message["tool_call_id"]), text: contentText(message["content"]) })),
    ...(session === "" ? {} : { session }),
    ...(asText(format["type"]).startsWith("json")
      ? { answerSchema: asObject(asObject(format["json_schema"])["schema"]) }
      : {}),
  };
}

function toCalls({ calls }: Answer): readonly JsonObject[] {
  return calls.map(({ id, tool, input }, index) => ({
    index,
    id,
    type: "function",
    function: { name: tool.name, arguments: JSON.stringify(input) },
  }));
}

function toUsage({ usage }: Answer): JsonObject {
  return {
    prompt_tokens: promptTokens(usage),
    completion_tokens: usage.output,
    total_tokens: promptTokens(usage) + usage.output,
    prompt_tokens_details: { cached_tokens: usage.cacheRead },
    completion_tokens_details: { reasoning_tokens: usage.reasoning },
  };
}

function finishReason({ calls }: Answer): string {
  return calls.length > 0 ? "tool_calls" : "stop";
}

function toBody(answer: Answer): JsonObject {
  const message = {
    role: "assistant",
    content: answer.text ?? null,
    ...(answer.thinking === undefined ? {} : { reasoning_content: answer.thinking }),
    ...(answer.calls.length === 0 ? {} : { tool_calls: toCalls(answer) }),
  };
  return {
    ...toHead(answer),
    object: "chat.completion",
    choices: [{ index: 0, message, finish_reason: finishReason(answer) }],
    usage: toUsage(answer),
  };
}

function toHead({ id, createdAt, model }: Answer): JsonObject {
  return { id: `chatcmpl-${id}`, created: createdAt, model };
}

/** Usage is sent whether or not `stream_options` asks for it: clients that do not ask ignore the last chunk. */
function toChunks(answer: Answer): readonly string[] {
  const head = { ...toHead(answer), object: "chat.completion.chunk" };
  const chunk = (delta: JsonObject, finish: string | null = null): string =>
    dataEvent({ ...head, choices: [{ index: 0, delta, finish_reason: finish }] });
  return [
    chunk({ role: "assistant", content: "" }),
    ...toPieces(answer.thinking ?? "").map((piece) => chunk({ reasoning_content: piece })),
    ...toPieces(answer.text ?? "").map((piece) => chunk({ content: piece })),
    ...toCalls(answer).map((call) => chunk({ tool_calls: [call] })),
    chunk({}, finishReason(answer)),
    dataEvent({ ...head, choices: [], usage: toUsage(answer) }),
    dataEvent("[DONE]"),
  ];
}
