import type { JsonObject } from "../json.ts";
import type { WireError } from "./wire.ts";

const ERROR_CODES: Readonly<Record<number, string>> = {
  401: "invalid_api_key",
  402: "insufficient_quota",
  429: "rate_limit_exceeded",
  500: "server_error",
  503: "server_is_overloaded",
};

/** An error as OpenAI's two wires say it. `code` replaces the status's usual one. */
export function toOpenAiError({ status, message }: WireError, code?: string): JsonObject {
  const name = code ?? ERROR_CODES[status] ?? "invalid_request_error";
  return { error: { message, type: name, code: name, param: null } };
}

/** OpenAI's headers that tell when a rate limit lifts: as a duration. `resetAt` is in ms since the epoch. */
export function openAiResetHeaders(resetAt: number): Readonly<Record<string, string>> {
  const seconds = Math.max(0, Math.ceil((resetAt - Date.now()) / 1000));
  return { "x-ratelimit-reset-requests": `${seconds}s`, "x-ratelimit-reset-tokens": `${seconds}s` };
}
