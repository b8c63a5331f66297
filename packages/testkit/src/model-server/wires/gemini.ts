import { promptTokens } from "../../token-counts.ts";
import { asObject, asObjects, asText, contentText, type JsonObject } from "../json.ts";
import { dataEvent, toPieces } from "./server-sent-events.ts";
import type { Answer, ModelRequest, OfferedTool, Route, Wire, WireError } from "./wire.ts";

const PATH = /\/models\/(?<model>[^/:]+):(?<method>generateContent|streamGenerateContent|countTokens)$/;

const STATUS_NAMES: Readonly<Record<number, string>> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  402: "RESOURCE_EXHAUSTED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  429: "RESOURCE_EXHAUSTED",
  500: "INTERNAL",
  503: "UNAVAILABLE",
};

/** Gemini: `POST …/models/<model>:generateContent`, `:streamGenerateContent` and `:countTokens`. */
export const gemini: Wire = {
  name: "gemini",
  overloadedStatus: 503,
  budgetStatus: 402,
  route: (path) => {
    const { model, method } = PATH.exec(path)?.groups ?? {};
    if (model === undefined) return undefined;
    return { kind: method === "countTokens" ? "count" : "generate", model, stream: method === "streamGenerateContent" };
  },
  read: readRequest,
  defaultUsage: () => ({ input: 500, cacheRead: 1000, cacheWrite: 0, output: 80, reasoning: 20 }),
  toSayableUsage: (usage) => ({ ...usage, input: usage.input + usage.cacheWrite, cacheWrite: 0 }),
  toBody: (answer) => toBody(answer, toParts(answer), "STOP"),
  toChunks,
  toErrorBody,
  resetHeaders: () => ({}),
  toCountBody: (tokens) => ({ totalTokens: tokens }),
};

function readRequest(body: JsonObject, { kind, model, stream }: Route): ModelRequest {
  const contents = asObjects(body["contents"]);
  const firstAnswer = contents.findIndex((content) => content["role"] === "model");
  const asked = firstAnswer < 0 ? contents : contents.slice(0, firstAnswer);
  const config = asObject(body["generationConfig"]);
  const schema = config["responseJsonSchema"] ?? config["responseSchema"];
  const wantsJson = schema !== undefined || config["responseMimeType"] === "application/json";
  return {
    kind,
    model: model ?? "unknown",
    stream: stream ?? false,
    tools: asObjects(body["tools"])
      .flatMap((tool) => asObjects(tool["functionDeclarations"]))
      .map(toTool),
    prompt: contentText(asked.map((content) => contentText(content["parts"]))),
    answered: firstAnswer >= 0,
    results: contents.flatMap((content) => asObjects(content["parts"])).flatMap(toResult),
    ...(wantsJson ? { answerSchema: asObject(schema) } : {}),
  };
}

function toTool(declaration: JsonObject): OfferedTool {
  const schema = asObject(declaration["parametersJsonSchema"] ?? declaration["parameters"]);
  return { name: asText(declaration["name"]), freeform: false, schema };
}

function toResult(part: JsonObject): ModelRequest["results"] {
  if (part["functionResponse"] === undefined) return [];
  const { id, response } = asObject(part["functionResponse"]);
  const { output, error } = asObject(response);
  return [{ ...(typeof id === "string" ? { callId: id } : {}), text: asText(output, asText(error)) }];
}

function toParts({ thinking, text, calls }: Answer): readonly JsonObject[] {
  return [
    ...(thinking === undefined ? [] : [{ text: thinking, thought: true }]),
    ...(text === undefined ? [] : [{ text }]),
    ...calls.map(({ id, tool, input }) => ({
      functionCall: { id, name: tool.name, args: input },
      thoughtSignature: "c2NyaXB0ZWQ=",
    })),
  ];
}

function toBody({ id, model, usage }: Answer, parts: readonly JsonObject[], finishReason?: string): JsonObject {
  const prompt = promptTokens(usage);
  return {
    candidates: [{ content: { role: "model", parts }, index: 0, ...(finishReason ? { finishReason } : {}) }],
    usageMetadata: {
      promptTokenCount: prompt,
      cachedContentTokenCount: usage.cacheRead,
      candidatesTokenCount: usage.output - usage.reasoning,
      thoughtsTokenCount: usage.reasoning,
      totalTokenCount: prompt + usage.output,
    },
    modelVersion: model,
    responseId: id,
  };
}

/** Every chunk carries the usage so far, as the real one's do; the last one has the reason of the end. */
function toChunks(answer: Answer): readonly string[] {
  const pieces = toParts(answer).flatMap((part) =>
    "text" in part ? toPieces(asText(part["text"])).map((text) => ({ ...part, text })) : [part],
  );
  if (pieces.length === 0) pieces.push({ text: "" });
  const last = pieces.length - 1;
  return pieces.map((part, index) => dataEvent(toBody(answer, [part], index === last ? "STOP" : undefined)));
}

function toErrorBody({ status, message, retryAfterSeconds }: WireError): JsonObject {
  const retry = { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: `${retryAfterSeconds}s` };
  return {
    error: {
      code: status,
      message,
      status: STATUS_NAMES[status] ?? "UNKNOWN",
      ...(retryAfterSeconds === undefined ? {} : { details: [retry] }),
    },
  };
}
