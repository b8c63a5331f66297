import { createHash } from "node:crypto";
import { describeCount } from "@cloister/core";
import { type JsonObject, listAt, textAt, toObject } from "../../agents/json-value.ts";
import type { WireAdapter } from "../port.ts";
import { parseBody } from "../server/parse-body.ts";
import { findWire } from "../wires/index.ts";
import { normaliseText } from "./normalise-text.ts";

/** A request, recorded or just come in. */
export type KeyedRequest = {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
};

/** What requests are compared by. */
export type RequestKey = {
  /** Undefined where no wire takes the request. */
  readonly wire: WireAdapter | undefined;
  /** Equal for requests whose conversation is the same but for what changes from run to run. */
  readonly fingerprint: string;
  /** Equal for requests to the same endpoint and model, with as many turns. */
  readonly shape: string;
  /** It costs nothing and changes nothing: asked more often than recorded, it gets the same answer. */
  readonly isRepeatable: boolean;
  /** For people: `POST /v1/messages, model m, 3 turns`. */
  readonly label: string;
};

/** Fields that name a session, a user or a call, and hints on caching: another run has others. */
const VOLATILE_FIELDS: ReadonlySet<string> = new Set(
  `metadata client_metadata user safety_identifier session_id sessionId user_prompt_id
  prompt_cache_key prompt_cache_retention cache_control id call_id tool_use_id tool_call_id`.split(/\s+/),
);
/** Deeper than any real request. What is below counts as equal. */
const MAX_DEPTH = 64;

/** What a request is compared by. Never throws. */
export function toRequestKey({ method, path, headers, body }: KeyedRequest): RequestKey {
  const wire = findWire(method, path, headers);
  const json = parseBody(body);
  const { model, stream, billable } = wire?.readRequest(path, json) ?? { model: "", stream: false, billable: true };
  const endpoint = [wire?.name ?? "", method, toEndpoint(path), stream];
  const conversation = json === undefined ? normaliseText(body.toString("utf8")) : normaliseValue(json, 0);
  const turns = wire === undefined ? 0 : countTurns(json);
  return {
    wire,
    fingerprint: hash([endpoint, conversation]),
    shape: hash([endpoint, model, turns]),
    isRepeatable: !billable,
    label: describeRequest(`${method} ${path.slice(0, 200)}`, model, turns),
  };
}

function describeRequest(line: string, model: string, turns: number): string {
  return model === "" ? line : `${line}, model ${model.slice(0, 100)}, ${describeCount(turns, "turn")}`;
}

function hash(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}

/** The path from where providers agree on it: a base URL may hold a version, or a prefix. Of the query, `alt` decides the format. */
function toEndpoint(path: string): string {
  const [pathname = "", query = ""] = path.split("?");
  const format = new URLSearchParams(query).get("alt") ?? "";
  return `${pathname.replace(/^.*?(?=\/(?:messages|responses|chat\/completions|models)\b)/, "")}?${format}`;
}

function countTurns(json: JsonObject | undefined): number {
  if (textAt(json, "input") !== undefined) return 1;
  return ["messages", "input", "contents"].reduce((sum, field) => sum + listAt(json, field).length, 0);
}

/** A JSON value with its keys in order, and without what changes from run to run. */
function normaliseValue(value: unknown, depth: number): unknown {
  if (typeof value === "string") return normaliseText(value);
  if (depth > MAX_DEPTH) return null;
  if (Array.isArray(value)) return value.map((item) => normaliseValue(item, depth + 1));
  const object = toObject(value);
  if (object === undefined) return value;
  return Object.keys(object)
    .filter((key) => !VOLATILE_FIELDS.has(key))
    .sort()
    .map((key) => [key, normaliseValue(object[key], depth + 1)]);
}
