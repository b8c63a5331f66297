import type { Wire } from "@cloister/core";
import type { WireAdapter } from "../port.ts";
import { anthropic } from "./anthropic.ts";
import { gemini } from "./gemini.ts";
import { openAiChat } from "./openai-chat.ts";
import { openAiResponses } from "./openai-responses.ts";
import { withoutQuery } from "./request-facts.ts";

/** Every wire that the gateway speaks. */
export const WIRE_ADAPTERS: Readonly<Record<Wire, WireAdapter>> = {
  anthropic,
  openai_responses: openAiResponses,
  openai_chat: openAiChat,
  gemini,
};

/** Methods that only look, or take away: no provider charges for them. */
const FREE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "DELETE"]);

const FREE_ADAPTERS: Readonly<Record<Wire, WireAdapter>> = {
  anthropic: withoutCost(anthropic),
  openai_responses: withoutCost(openAiResponses),
  openai_chat: withoutCost(openAiChat),
  gemini: withoutCost(gemini),
};

/** Endpoints that belong to one wire, whatever the headers say. OpenAI's SDKs have `/v1` in their base URL, so some clients leave it out. */
const ENDPOINTS: readonly { readonly wire: Wire; readonly path: RegExp }[] = [
  { wire: "anthropic", path: /^\/v1\/messages(?:\/|$)/ },
  { wire: "openai_responses", path: /^(?:\/v1)?\/responses(?:\/|$)/ },
  { wire: "openai_chat", path: /^(?:\/v1)?\/(?:chat\/)?completions$/ },
  { wire: "gemini", path: /^\/v1\/models\/[^/:]+:(?:generateContent|streamGenerateContent|countTokens)$/ },
];

const GEMINI_VERSION = /^\/v1(?:alpha|beta)\//;
const OPENAI_PATH = /^\/(?:v1\/|(?:models|embeddings|moderations|files|images|audio)(?:\/|$))/;

/**
 * Finds the wire that a request speaks: by its endpoint, or where that is no wire's own, by the headers of the providers' clients.
 * The adapter for a request that can't cost anything, such as a GET, says of every request that it is not billable.
 * @param method in capitals.
 * @param path with its query, as clients call it: `/v1/…`, `/v1beta/…`.
 * @param headers with names in lower case.
 * @returns undefined where nothing fits.
 */
export function findWire(
  method: string,
  path: string,
  headers: Readonly<Record<string, unknown>>,
): WireAdapter | undefined {
  const endpoint = withoutQuery(path);
  const name = ENDPOINTS.find((known) => known.path.test(endpoint))?.wire ?? guessWire(endpoint, headers);
  if (name === undefined) return undefined;
  return FREE_METHODS.has(method) ? FREE_ADAPTERS[name] : WIRE_ADAPTERS[name];
}

function guessWire(endpoint: string, headers: Readonly<Record<string, unknown>>): Wire | undefined {
  if (headers["anthropic-version"] !== undefined) return "anthropic";
  if (headers["x-goog-api-key"] !== undefined || GEMINI_VERSION.test(endpoint)) return "gemini";
  return OPENAI_PATH.test(endpoint) ? "openai_chat" : undefined;
}

function withoutCost(adapter: WireAdapter): WireAdapter {
  return { ...adapter, readRequest: (path, body) => ({ ...adapter.readRequest(path, body), billable: false }) };
}
