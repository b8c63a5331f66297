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

/**
 * A part that was parsed, with its bytes: hashes can be equal by chance. `next`: the key of the part that came after it last time, because
 * to compare what stands there with that is all that most parts of a conversation take.
 */
type Part = { readonly bytes: Buffer; readonly value: unknown; next?: number };

/** Remembers nothing yet. */
export function createBodyReader(): BodyReader {
  // What was used last is there, {@link MAX_ALL} of it at least.
  const parts = createLruMap<Part, number>(MAX_ALL, ({ bytes }) => bytes.length);
  const beginning: Part = { bytes: Buffer.alloc(0), value: undefined };
  const readParts = (body: Buffer): JsonObject => {
    let previous = beginning;
    const stands = ({ bytes }: Part, start: number): boolean => {
      const end = start + bytes.length;
      return end <= body.length && body.compare(bytes, 0, bytes.length, start, end) === 0;
    };
    const take = (key: number, part: Part): Part => {
      previous.next = key;
      previous = part;
      return part;
    };
    return splitJson(body, {
      recall: (start) => {
        const key = previous.next;
        const part = key === undefined ? undefined : parts.get(key);
        return key !== undefined && part !== undefined && stands(part, start) ? take(key, part) : undefined;
      },
      parse: (start, end) => {
        const length = end - start;
        if (length < MIN_KEPT || length > MAX_KEPT || !isClosed(body, start)) return parseJson(body, start, end);
        const key = hashOf(body, start, end);
        const known = parts.get(key);
        if (known !== undefined && known.bytes.length === length && stands(known, start)) return take(key, known).value;
        // A copy: a slice would keep the whole body alive.
        const part = { bytes: Buffer.from(body.subarray(start, end)), value: parseJson(body, start, end) };
        parts.set(key, part);
        return take(key, part).value;
      },
    });
  };
  const readPlain = (plain: Buffer): unknown =>
    (plain.length < MIN_SPLIT ? undefined : tryToRead(plain, readParts)) ?? parseJson(plain);
  return { read: (body, encoding) => parseBody(body, encoding, readPlain) };
}

/** Whether a value's own signs say where it ends: a number could go on where another one ends. */
function isClosed(json: Buffer, start: number): boolean {
  return CLOSED.includes(json[start] ?? 0);
}

const CLOSED = Buffer.from('{["');

/** FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv), of samples where there is much. */
function hashOf(json: Buffer, start: number, end: number): number {
  const beginning = Math.min(end, start + HASHED_BEGINNING);
  const step = Math.ceil((end - beginning + 1) / HASHED_SAMPLES);
  let hash = 0x811c9dc5 ^ (end - start);
  for (let at = start; at < beginning; at += 1) hash = Math.imul(hash ^ (json[at] ?? 0), 0x01000193);
  for (let at = beginning; at < end; at += step) hash = Math.imul(hash ^ (json[at] ?? 0), 0x01000193);
  return hash;
}

function tryToRead(body: Buffer, readParts: (body: Buffer) => JsonObject): JsonObject | undefined {
  try {
    return readParts(body);
  } catch {
    return undefined; // Unusual JSON, or none: the caller finds out.
  }
}
