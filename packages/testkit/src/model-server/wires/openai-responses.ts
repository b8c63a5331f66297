import { promptTokens } from "../../token-counts.ts";
import { asObject, asObjects, asText, contentText, type JsonObject } from "../json.ts";
import { openAiResetHeaders, toOpenAiError } from "./openai-error.ts";
import { toItemEvents } from "./openai-responses-events.ts";
import { namedEvent } from "./server-sent-events.ts";
import type { Answer, ModelRequest, OfferedTool, ToolUse, Wire } from "./wire.ts";

/** OpenAI Responses: `POST …/responses`, with tools at the top or, in code mode, in an input item. */
export const openAiResponses: Wire = {
  name: "responses",
  overloadedStatus: 503,
  budgetStatus: 429,
  route: (path) => (path.endsWith("/responses") ? { kind: "generate" } : undefined),
  read: readRequest,
  defaultUsage: () => ({ input: 500, cacheRead: 1000, cacheWrite: 0, output: 60, reasoning: 20 }),
  toSayableUsage: (usage) => usage,
  toBody,
  toChunks,
  toErrorBody: (error) =>
    toOpenAiError(
      error,
      error.status === 429 && error.retryAfterSeconds === undefined ? "insufficient_quota" : undefined,
    ),
  resetHeaders: openAiResetHeaders,
  toCountBody: (tokens) => ({ object: "response.input_tokens", input_tokens: tokens }),
};

function readRequest(body: JsonObject): ModelRequest {
  const input =
    typeof body["input"] === "string" ? [{ role: "user", content: body["input"] }] : asObjects(body["input"]);
  const firstAnswer = input.findIndex((item) => item["role"] === "assistant" || asText(item["type"]).endsWith("_call"));
  const asked = firstAnswer < 0 ? input : input.slice(0, firstAnswer);
  const session = asText(body["prompt_cache_key"]);
  const format = asObject(asObject(body["text"])["format"]);
  return {
    kind: "generate",
    model: asText(body["model"], "unknown"),
    stream: body["stream"] === true,
    tools: [
      ...asObjects(body["tools"]),
      ...input.filter(isToolItem).flatMap((item) => asObjects(item["tools"])),
    ].flatMap(toTools),
    prompt: contentText(asked.filter((item) => item["role"] === "user").map((item) => contentText(item["content"]))),
    answered: firstAnswer >= 0,
    results: input
      .filter((item) => asText(item["type"]).endsWith("_output"))
      .map((item) => ({ callId: asText(item["call_id"]), text: contentText(item["output"]) })),
    ...(session === "" ? {} : { session }),
    ...(format["type"] === "json_schema" ? { answerSchema: asObject(format["schema"]) } : {}),
  };
}

/** In code mode no tools stand at the top: they come as an item of the input. */
function isToolItem(item: JsonObject): boolean {
  return item["type"] === "additional_tools";
}

function toTools(tool: JsonObject): readonly OfferedTool[] {
  if (tool["type"] !== "namespace") return [toTool(tool)];
  const namespace = asText(tool["name"]);
  // "functions" is where tools live that have no namespace; calls must not name it.
  const grouped = asObjects(tool["tools"]).map(toTool);
  return namespace === "functions" ? grouped : grouped.map((inner) => ({ ...inner, namespace }));
}

function toTool(tool: JsonObject): OfferedTool {
  return {
    name: asText(tool["name"], asText(tool["type"])),
    freeform: tool["type"] === "custom",
    schema: asObject(tool["parameters"]),
  };
}

function toItems({ id, thinking, text, calls }: Answer): readonly JsonObject[] {
  const summary = [{ type: "summary_text", text: thinking }];
  const content = [{ type: "output_text", text, annotations: [] }];
  return [
    ...(thinking === undefined ? [] : [{ type: "reasoning", id: `rs_${id}`, summary }]),
    ...(text === undefined
      ? []
      : [{ type: "message", id: `msg_${id}`, role: "assistant", status: "completed", content }]),
    ...calls.map(toCallItem),
  ];
}

function toCallItem({ id, tool, input }: ToolUse): JsonObject {
  const common = {
    call_id: id,
    name: tool.name,
    ...(tool.namespace === undefined ? {} : { namespace: tool.namespace }),
    status: "completed",
  };
  return typeof input === "string"
    ? { type: "custom_tool_call", id: `ctc_${id}`, ...common, input }
    : { type: "function_call", id: `fc_${id}`, ...common, arguments: JSON.stringify(input) };
}

function toBody(answer: Answer): JsonObject {
  const { usage } = answer;
  const input = promptTokens(usage);
  return {
    id: `resp_${answer.id}`,
    object: "response",
    created_at: answer.createdAt,
    status: "completed",
    model: answer.model,
    output: toItems(answer),
    parallel_tool_calls: answer.calls.length > 1,
    error: null,
    incomplete_details: null,
    usage: {
      input_tokens: input,
      input_tokens_details: { cached_tokens: usage.cacheRead, cache_write_tokens: usage.cacheWrite },
      output_tokens: usage.output,
      output_tokens_details: { reasoning_tokens: usage.reasoning },
      total_tokens: input + usage.output,
    },
  };
}

function toChunks(answer: Answer): readonly string[] {
  const response = toBody(answer);
  const events = [
    { type: "response.created", response: { ...response, status: "in_progress", output: [], usage: null } },
    ...toItems(answer).flatMap(toItemEvents),
    { type: "response.completed", response },
  ];
  return events.map(({ type, ...data }, sequence) => namedEvent(type, { sequence_number: sequence, ...data }));
}
