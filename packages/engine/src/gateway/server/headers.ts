import type { IncomingHttpHeaders } from "node:http";
import { HOP_BY_HOP } from "../../http/hop-by-hop.ts";

/** The token is for the gateway; an encoding would hide usage from it. */
const NOT_FORWARDED = new Set([
  ...HOP_BY_HOP,
  "accept-encoding",
  "authorization",
  "content-length",
  "cookie",
  "expect",
  "host",
  "x-api-key",
  "x-goog-api-key",
]);

/** The headers of a request that are sent on. */
export function forwardedHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (value === undefined || NOT_FORWARDED.has(name)) continue;
    kept[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return kept;
}

/** Adds a credential's headers. Lists such as `anthropic-beta` are joined, so that nothing that the agent asked for is lost. */
export function withCredential(
  headers: Readonly<Record<string, string>>,
  credential: Readonly<Record<string, string>>,
): Record<string, string> {
  const merged: Record<string, string> = { ...headers, ...credential };
  for (const name of Object.keys(credential)) {
    const [own, added] = [headers[name], credential[name]];
    if (name.endsWith("-beta") && own !== undefined && added !== undefined) merged[name] = joinLists(own, added);
  }
  return merged;
}

function joinLists(own: string, added: string): string {
  return [...new Set([...own.split(",").map((item) => item.trim()), added])].join(",");
}

/** The headers of a request whose body was written anew, and so is no longer packed. */
export function withoutEncoding(headers: Readonly<Record<string, string>>): Record<string, string> {
  const { "content-encoding": _, ...rest } = headers;
  return rest;
}

/** The headers of an answer that are passed on. */
export function answeredHeaders(headers: Readonly<Record<string, string | string[] | undefined>>): AnswerHeaders {
  const kept: Record<string, string | string[]> = {};
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (value !== undefined && !HOP_BY_HOP.has(name)) kept[name] = value;
  }
  return kept;
}

export type AnswerHeaders = Record<string, string | string[]>;

/** Headers with one value each, for those who read them. */
export function flatHeaders(headers: IncomingHttpHeaders): Readonly<Record<string, string>> {
  if (hasOneValueEach(headers)) return headers;
  const flat: Record<string, string> = {};
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    flat[name] = Array.isArray(value) ? value.join(", ") : (value ?? "");
  }
  return flat;
}

function hasOneValueEach(headers: IncomingHttpHeaders): headers is Record<string, string> {
  return Object.values(headers).every((value) => typeof value === "string");
}
