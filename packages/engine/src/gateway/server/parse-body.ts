import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from "node:zlib";
import { type JsonObject, toObject } from "../../agents/json-value.ts";
import { MAX_BODY_BYTES } from "./read-body.ts";

/** How clients pack a body, and what unpacks it. */
const UNPACKERS: Readonly<Record<string, (packed: Buffer, options: { maxOutputLength: number }) => Buffer>> = {
  gzip: gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
  zstd: zstdDecompressSync,
};

/**
 * The body as a JSON object; undefined where it is none.
 * @param encoding as in `content-encoding`. What is sent on stays packed as it was.
 * @param parse reads plain JSON, or throws.
 */
export function parseBody(
  body: Buffer,
  encoding: string = "",
  parse: (plain: Buffer) => unknown = parseJson,
): JsonObject | undefined {
  if (body.length === 0) return undefined;
  try {
    const unpack = UNPACKERS[encoding.trim().toLowerCase()];
    return toObject(parse(unpack === undefined ? body : unpack(body, { maxOutputLength: MAX_BODY_BYTES })));
  } catch {
    return undefined; // No JSON, or not packed as it says: passed on as it is.
  }
}

/** The value of JSON in UTF-8, or of a part of it. @throws SyntaxError where it is none. */
export function parseJson(bytes: Buffer, start?: number, end?: number): unknown {
  return JSON.parse(bytes.toString("utf8", start, end));
}
