import type { JsonObject } from "../../agents/json-value.ts";
import { createLruMap } from "../context/lru-map.ts";
import { parseBody, parseJson } from "./parse-body.ts";
import { splitJson } from "./split-json.ts";

/** Reads bodies as JSON objects. Parts that stand in several bodies are one and the same object: who has looked at one knows the others. */
export interface BodyReader {
  /**
   * The body as a JSON object, not to be changed; undefined where it is none.
   * @param encoding as in `content-encoding`. What is sent on stays packed as it was.
   */
  read(body: Buffer, encoding?: string): JsonObject | undefined;
}

/** Bodies from this length on are read part by part. Bytes. */
const MIN_SPLIT = 2048;
/** Lengths of parts that are kept, and of all that are, in bytes. Agents send their conversation again with each request. */
const [MIN_KEPT, MAX_KEPT, MAX_ALL] = [32, 1024 * 1024, 4 * 1024 * 1024];
/** Of a longer part its beginning, where ids stand, and so many bytes of the rest are hashed: all of it would take too long. */
const [HASHED_BEGINNING, HASHED_SAMPLES] = [128, 32];

/** A part that was parsed, with its text: hashes can be equal by chance. */
type Part = { readonly text: string; readonly value: unknown };

/** Remembers nothing yet. */
export function createBodyReader(): BodyReader {
  // What was used last is there, {@link MAX_ALL} of it at least.
  const parts = createLruMap<Part, number>(MAX_ALL, ({ text }) => text.length);
  const readParts = (body: Buffer): JsonObject => {
    const json = body.toString("latin1");
    return splitJson(json, (start, end) => {
      const length = end - start;
      if (length < MIN_KEPT || length > MAX_KEPT) return parseJson(body, start, end);
      const key = hashOf(json, start, end);
      const known = parts.get(key);
      if (known !== undefined && known.text === json.slice(start, end)) return known.value;
      const value = parseJson(body, start, end);
      // A copy: a slice would keep the whole body alive.
      parts.set(key, { text: body.toString("latin1", start, end), value });
      return value;
    });
  };
  const readPlain = (plain: Buffer): unknown =>
    (plain.length < MIN_SPLIT ? undefined : tryToRead(plain, readParts)) ?? parseJson(plain);
  return { read: (body, encoding) => parseBody(body, encoding, readPlain) };
}

/** FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv), of samples where there is much. */
function hashOf(json: string, start: number, end: number): number {
  const beginning = Math.min(end, start + HASHED_BEGINNING);
  const step = Math.ceil((end - beginning + 1) / HASHED_SAMPLES);
  let hash = 0x811c9dc5 ^ (end - start);
  for (let at = start; at < beginning; at += 1) hash = Math.imul(hash ^ json.charCodeAt(at), 0x01000193);
  for (let at = beginning; at < end; at += step) hash = Math.imul(hash ^ json.charCodeAt(at), 0x01000193);
  return hash;
}

function tryToRead(body: Buffer, readParts: (body: Buffer) => JsonObject): JsonObject | undefined {
  try {
    return readParts(body);
  } catch {
    return undefined; // Unusual JSON, or none: the caller finds out.
  }
}
