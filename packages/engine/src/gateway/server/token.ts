import type { IncomingHttpHeaders } from "node:http";

/** What a request says who it is, and its path without that. */
export type Presented = { readonly token: string; readonly path: string };

/**
 * Finds the token where each provider's SDK puts a key: `authorization`, `x-api-key`, `x-goog-api-key`, or `?key=`.
 * @param target path and query, as in the request's first line.
 */
export function readToken(headers: IncomingHttpHeaders, target: string): Presented {
  const bearer = /^Bearer\s+(\S+)$/i.exec(headers.authorization ?? "")?.[1];
  const [path, inQuery] = takeKey(target);
  const key = headers["x-api-key"] ?? headers["x-goog-api-key"];
  return { token: bearer ?? (typeof key === "string" ? key : inQuery), path };
}

function takeKey(target: string): readonly [path: string, key: string] {
  const mark = target.indexOf("?");
  if (mark === -1 || !target.includes("key=", mark)) return [target, ""];
  const parts = target.slice(mark + 1).split("&");
  const key = parts.find((part) => part.startsWith("key="))?.slice(4) ?? "";
  const rest = parts.filter((part) => !part.startsWith("key=")).join("&");
  return [`${target.slice(0, mark)}${rest === "" ? "" : `?${rest}`}`, decode(key)];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}
