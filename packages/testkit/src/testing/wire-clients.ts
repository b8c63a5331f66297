import { asObject, asObjects, asText, type JsonObject } from "../model-server/json.ts";
import type { WireName } from "../model-server/wires/wire.ts";
import type { TokenCounts } from "../token-counts.ts";

/** What a client understood of an answer, streamed or not. */
export type Heard = {
  readonly status: number;
  readonly text: string;
  readonly thinking: string;
  readonly calls: readonly { readonly id: string; readonly name: string; readonly input: unknown }[];
  readonly usage: TokenCounts;
};

/** A tool call with its result, as it goes back to the model. */
export type PastCall = { readonly id: string; readonly name: string; readonly result: string };

/** What a client asks. */
export type Ask = {
  readonly prompt: string;
  readonly tools?: Readonly<Record<string, readonly string[]>>;
  readonly past?: readonly PastCall[];
  readonly stream?: boolean;
  readonly session?: string;
};

/** A minimal client of one wire: what it sends, where, and how it reads the answer. */
export type WireClient = {
  readonly wire: WireName;
  path(stream: boolean): string;
  body(ask: Ask): JsonObject;
  /** Reads the stream's events, or the one body. */
  hear(parts: readonly JsonObject[], stream: boolean): Omit<Heard, "status">;
};

const shellOnly = { bash: ["command"] };

/** A JSON Schema with text properties of these names, all required. */
function toSchema(inputs: readonly string[]): JsonObject {
  const properties = Object.fromEntries(inputs.map((name) => [name, { type: "string" }]));
  return { type: "object", properties, required: inputs };
}

function count(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

function joined(parts: readonly unknown[]): string {
  return parts.filter((part) => typeof part === "string").join("");
}

const anthropic: WireClient = {
  wire: "anthropic",
  path: () => "/v1/messages?beta=true",
  body: ({ prompt, tools = shellOnly, past = [], stream = true, session }) => ({
    model: "m",
    stream,
    ...(session === undefined ? {} : { metadata: { user_id: session } }),
    tools: Object.entries(tools).map(([name, inputs]) => ({ name, input_schema: toSchema(inputs) })),
    messages: [
      { role: "user", content: [{ type: "text", text: prompt }] },
      ...past.flatMap(({ id, name, result }) => [
        { role: "assistant", content: [{ type: "tool_use", id, name, input: {} }] },
        { role: "user", content: [{ type: "tool_result", tool_use_id: id, content: result }] },
      ]),
    ],
  }),
  hear: (parts, stream) => {
    const deltas = parts.map((part) => asObject(part["delta"]));
    const starts = parts.map((part) => asObject(part["content_block"]));
    const whole = asObjects(parts[0]?.["content"]);
    const inputs = deltas.map((delta) => delta["partial_json"]).filter((json) => typeof json === "string");
    const uses = (stream ? starts : whole).filter((block) => block["type"] === "tool_use");
    const usage = asObject(parts.findLast((part) => "usage" in part)?.["usage"]);
    return {
      text: joined((stream ? deltas : whole).map((block) => block["text"])),
      thinking: joined((stream ? deltas : whole).map((block) => block["thinking"])),
      calls: uses.map(({ id, name, input }, index) => ({
        id: asText(id),
        name: asText(name),
        input: stream ? JSON.parse(inputs[index] ?? "") : input,
      })),
      usage: {
        input: count(usage["input_tokens"]),
        cacheRead: count(usage["cache_read_input_tokens"]),
        cacheWrite: count(usage["cache_creation_input_tokens"]),
        output: count(usage["output_tokens"]),
        reasoning: 0,
      },
    };
  },
};

const responses: WireClient = {
  wire: "responses",
  path: () => "/v1/responses",
  body: ({ prompt, tools = shellOnly, past = [], stream = true, session }) => ({
    model: "m",
    stream,
    ...(session === undefined ? {} : { prompt_cache_key: session }),
    tools: Object.entries(tools).map(([name, inputs]) => ({ type: "function", name, parameters: toSchema(inputs) })),
    input: [
      { type: "message", role: "user", content: [{ type: "input_text", text: prompt }] },
      ...past.flatMap(({ id, name, result }) => [
        { type: "function_call", call_id: id, name, arguments: "{}" },
        { type: "function_call_output", call_id: id, output: result },
      ]),
    ],
  }),
  hear: (parts, stream) => {
    const response = stream ? asObject(parts.at(-1)?.["response"]) : asObject(parts[0]);
    const done = parts
      .filter((part) => part["type"] === "response.output_item.done")
      .map((part) => asObject(part["item"]));
    const items = stream ? done : asObjects(response["output"]);
    const usage = asObject(response["usage"]);
    const cached = count(asObject(usage["input_tokens_details"])["cached_tokens"]);
    const written = count(asObject(usage["input_tokens_details"])["cache_write_tokens"]);
    const textOf = (type: string, field: string): string =>
      joined(
        items.filter((item) => item["type"] === type).flatMap((item) => asObjects(item[field]).map(({ text }) => text)),
      );
    return {
      text: textOf("message", "content"),
      thinking: textOf("reasoning", "summary"),
      calls: items
        .filter((item) => "call_id" in item)
        .map((item) => ({
          id: asText(item["call_id"]),
          name: asText(item["name"]),
          input: item["type"] === "custom_tool_call" ? item["input"] : JSON.parse(asText(item["arguments"])),
        })),
      usage: {
        input: count(usage["input_tokens"]) - cached - written,
        cacheRead: cached,
        cacheWrite: written,
        output: count(usage["output_tokens"]),
        reasoning: count(asObject(usage["output_tokens_details"])["reasoning_tokens"]),
      },
    };
  },
};

const chat: WireClient = {
  wire: "chat",
  path: () => "/v1/chat/completions",
  body: ({ prompt, tools = shellOnly, past = [], stream = true, session }) => ({
    model: "m",
    stream,
    ...(session === undefined ? {} : { prompt_cache_key: session }),
    tools: Object.entries(tools).map(([name, inputs]) => ({
      type: "function",
      function: { name, parameters: toSchema(inputs) },
    })),
    messages: [
      { role: "system", content: "Be good." },
      { role: "user", content: prompt },
      ...past.flatMap(({ id, name, result }) => [
        {
          role: "assistant",
          content: null,
          tool_calls: [{ id, type: "function", function: { name, arguments: "{}" } }],
        },
        { role: "tool", tool_call_id: id, content: result },
      ]),
    ],
  }),
  hear: (parts, stream) => {
    const field = stream ? "delta" : "message";
    const messages = parts.flatMap((part) => asObjects(part["choices"])).map((choice) => asObject(choice[field]));
    const usage = asObject(parts.findLast((part) => "usage" in part)?.["usage"]);
    const cached = count(asObject(usage["prompt_tokens_details"])["cached_tokens"]);
    return {
      text: joined(messages.map((message) => message["content"])),
      thinking: joined(messages.map((message) => message["reasoning_content"])),
      calls: messages
        .flatMap((message) => asObjects(message["tool_calls"]))
        .map((call) => ({ id: asText(call["id"]), called: asObject(call["function"]) }))
        .map(({ id, called }) => ({
          id,
          name: asText(called["name"]),
          input: JSON.parse(asText(called["arguments"])),
        })),
      usage: {
        input: count(usage["prompt_tokens"]) - cached,
        cacheRead: cached,
        cacheWrite: 0,
        output: count(usage["completion_tokens"]),
        reasoning: count(asObject(usage["completion_tokens_details"])["reasoning_tokens"]),
      },
    };
  },
};

const gemini: WireClient = {
  wire: "gemini",
  path: (stream) => `/v1beta/models/m:${stream ? "streamGenerateContent?alt=sse" : "generateContent"}`,
  body: ({ prompt, tools = shellOnly, past = [] }) => ({
    tools: [
      {
        functionDeclarations: Object.entries(tools).map(([name, inputs]) => ({
          name,
          parametersJsonSchema: toSchema(inputs),
        })),
      },
    ],
    contents: [
      { role: "user", parts: [{ text: prompt }] },
      ...past.flatMap(({ id, name, result }) => [
        { role: "model", parts: [{ functionCall: { id, name, args: {} } }] },
        { role: "user", parts: [{ functionResponse: { id, name, response: { output: result } } }] },
      ]),
    ],
  }),
  hear: (parts) => {
    const pieces = parts
      .flatMap((part) => asObjects(part["candidates"]))
      .flatMap((candidate) => asObjects(asObject(candidate["content"])["parts"]));
    const usage = asObject(parts.at(-1)?.["usageMetadata"]);
    const cached = count(usage["cachedContentTokenCount"]);
    const thoughts = count(usage["thoughtsTokenCount"]);
    return {
      text: joined(pieces.filter((piece) => piece["thought"] !== true).map((piece) => piece["text"])),
      thinking: joined(pieces.filter((piece) => piece["thought"] === true).map((piece) => piece["text"])),
      calls: pieces
        .filter((piece) => "functionCall" in piece)
        .map((piece) => asObject(piece["functionCall"]))
        .map((call) => ({ id: asText(call["id"]), name: asText(call["name"]), input: call["args"] })),
      usage: {
        input: count(usage["promptTokenCount"]) - cached,
        cacheRead: cached,
        cacheWrite: 0,
        output: count(usage["candidatesTokenCount"]) + thoughts,
        reasoning: thoughts,
      },
    };
  },
};

/** A client for each wire that the server speaks. */
export const WIRE_CLIENTS: readonly WireClient[] = [anthropic, responses, chat, gemini];

/** Sends one request, without reading the answer. */
export function post(url: string, client: WireClient, ask: Ask, init: RequestInit = {}): Promise<Response> {
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify(client.body(ask));
  return fetch(url + client.path(ask.stream ?? true), { method: "POST", headers, body, ...init });
}

/** Sends one request, and reads the answer in the wire's format. */
export async function converse(url: string, client: WireClient, ask: Ask): Promise<Heard> {
  const response = await post(url, client, ask);
  const text = await response.text();
  const stream = ask.stream ?? true;
  const parts = stream ? parseEvents(text) : [asObject(JSON.parse(text))];
  return { status: response.status, ...client.hear(parts, stream) };
}

/** The data of every server-sent event in a text. @throws SyntaxError where one is no JSON. */
export function parseEvents(text: string): readonly JsonObject[] {
  return text
    .split("\n\n")
    .flatMap((event) => event.split("\n").filter((line) => line.startsWith("data: ")))
    .map((line) => line.slice("data: ".length))
    .filter((data) => data !== "[DONE]")
    .map((data) => asObject(JSON.parse(data)));
}
