import { countAt, type JsonObject, listAt, objectAt, textAt, toObject } from "../../agents/json-value.ts";
import { oncePerObject } from "../once-per-object.ts";
import type { ModelRequest } from "../port.ts";

/** Input and output tokens. */
export type RequestSize = { readonly input: number; readonly output: number };

/** The widest window of any model on the market, in tokens: for models of which it is not known. */
const WIDEST_WINDOW = 2_000_000;
/** The most that an answer has where neither the request nor the model's window says less, in tokens. */
const LONGEST_ANSWER = 131_072;
/** What providers add of their own: marks of roles and turns, instructions on the use of tools. */
const ADDED_TOKENS = 2048;
/** What a provider's own tools (a search, say) may bring into one request. Nothing in the request bounds it. */
const HOSTED_TOOL_TOKENS = 100_000;
/** The most answers to one request that a provider gives. */
const MOST_CHOICES = 128;

/**
 * The most tokens that a request can come to.
 *
 * Input: a token stands for at least one byte of text, JSON text is at least as long as the text that it holds, and pictures and
 * files as base64 are longer than their tokens: so there are no more tokens than bytes in the body. What the body only refers to (an
 * earlier answer, a file, an address) fills the model's window at most; so does a body that can't be read, or is compressed.
 * Output: what the request allows, reasoning included, once for each answer that it asks for.
 * The tools that a provider runs by itself have no bound that a request tells: {@link HOSTED_TOOL_TOKENS} is an assumption. Where it
 * does not hold, a request comes to more than its bound, which is booked exactly all the same.
 * @param window of the model in tokens; undefined where it is not known.
 */
export function greatestSize({ facts, json, body, headers }: ModelRequest, window: number | undefined): RequestSize {
  const filled = Math.max(body.length, window ?? WIDEST_WINDOW);
  const { "content-encoding": encoding = "" } = headers;
  const isPlain = encoding === "" || encoding === "identity";
  const input = json !== undefined && isPlain && !refersElsewhere(json) ? body.length : filled;
  const answer = Math.min(facts.maxOutputTokens ?? LONGEST_ANSWER, window ?? WIDEST_WINDOW);
  return {
    input: input + ADDED_TOKENS + (usesHostedTool(json) ? HOSTED_TOOL_TOKENS : 0),
    output: Math.ceil(answer) * choices(json),
  };
}

function choices(json: JsonObject | undefined): number {
  const asked = Math.max(countAt(json, "n"), countAt(json, "generationConfig", "candidateCount"));
  return Math.min(Math.max(1, asked), MOST_CHOICES);
}

const HOSTED_TYPES = /^(?:web_search|web_fetch|file_search|code_interpreter|code_execution|image_generation|mcp)/;
const HOSTED_KEYS = ["googleSearch", "google_search", "urlContext", "url_context", "codeExecution", "code_execution"];

function usesHostedTool(json: JsonObject | undefined): boolean {
  if (listAt(json, "mcp_servers").length > 0) return true;
  const tools = listAt(json, "tools");
  return tools.length > 0 && holdsHostedTool(tools);
}

const holdsHostedTool = oncePerObject((tools: readonly unknown[]) =>
  tools.some(
    (tool) => HOSTED_TYPES.test(textAt(tool, "type") ?? "") || HOSTED_KEYS.some((key) => key in objectAt(tool)),
  ),
);

/** Keys of what lies at the provider. */
const STATE_KEYS = ["previous_response_id", "conversation", "container", "cachedContent", "cached_content"];

/** Whether a body takes in something that lies at the provider or at an address. */
function refersElsewhere(json: JsonObject): boolean {
  if (STATE_KEYS.some((key) => isNamed(json[key])) || textAt(json, "prompt", "id") !== undefined) return true;
  if (isReference(json)) return true;
  return Object.values(json).some((value) =>
    Array.isArray(value)
      ? value.some((item) => isObject(item) && holdsReference(item))
      : isObject(value) && holdsReference(value),
  );
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

const holdsReference = oncePerObject((part: object) => {
  // A stack of our own: a body nested a hundred thousand deep must not end the gateway.
  const open: unknown[] = [part];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    const object = toObject(value);
    if (object !== undefined && isReference(object)) return true;
    for (const child of Array.isArray(value) ? value : Object.values(object ?? {})) {
      if (isObject(child)) open.push(child);
    }
  }
  return false;
});

function isNamed(value: unknown): boolean {
  return isText(value) || textAt(value, "id") !== undefined;
}

/** Keys that may refer to a file or an address, and whether what stands there does. */
const REFERENCES: ReadonlyMap<string, (value: unknown) => boolean> = new Map([
  ...["file_id", "file_url", "fileUri", "file_uri"].map((key) => [key, isText] as const),
  ["source", (value) => textAt(value, "type") === "url"],
  ["image_url", (value) => isAddress(value) || isAddress(objectAt(value)["url"])],
]);

function isReference(object: JsonObject): boolean {
  return Object.keys(object).some((key) => REFERENCES.get(key)?.(object[key]) ?? false);
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

/** Pictures may also stand in the body themselves, as a `data:` address. */
function isAddress(value: unknown): boolean {
  return typeof value === "string" && value !== "" && !value.startsWith("data:");
}
