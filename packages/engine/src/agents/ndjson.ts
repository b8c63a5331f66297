import { MAX_LINE_BYTES } from "./port.ts";

/** One line of newline-delimited JSON, read. `bytes` counts the line without its line feed. */
export type NdjsonItem =
  | { readonly type: "value"; readonly value: unknown; readonly bytes: number }
  | {
      readonly type: "unreadable";
      readonly bytes: number;
      readonly reason: "not_json" | "line_too_long" | "truncated";
    };

const LINE_FEED = 0x0a;

/**
 * Reads newline-delimited JSON as it comes in, whatever the chunks. Blank lines are skipped; invalid UTF-8 is replaced; a last
 * line without line feed counts where it is whole. Memory is bounded: of a line longer than `maxLineBytes` nothing is kept.
 * Never throws but what `source` throws.
 */
export async function* readNdjson(
  source: AsyncIterable<Uint8Array>,
  maxLineBytes: number = MAX_LINE_BYTES,
): AsyncGenerator<NdjsonItem, void, void> {
  const line = createLine(maxLineBytes);
  for await (const chunk of source) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      line.add(chunk.subarray(start, end));
      start = end + 1;
      const item = line.take("not_json");
      if (item !== undefined) yield item;
    }
    line.add(chunk.subarray(start));
  }
  const rest = line.take("truncated");
  if (rest !== undefined) yield rest;
}

/** The line under way: its parts, as long as it is not too long, and its length. */
type Line = {
  add(part: Uint8Array): void;
  /** Ends the line. `reason` is what it is called where it is not JSON. Undefined: the line was blank. */
  take(reason: "not_json" | "truncated"): NdjsonItem | undefined;
};

function createLine(maxBytes: number): Line {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  return {
    add(part) {
      bytes += part.byteLength;
      if (bytes > maxBytes) parts = [];
      else if (part.byteLength > 0) parts.push(part);
    },
    take(reason) {
      const length = bytes;
      const taken = parts;
      parts = [];
      bytes = 0;
      if (length > maxBytes) return { type: "unreadable", bytes: length, reason: "line_too_long" };
      return parseLine(taken, length, reason);
    },
  };
}

function parseLine(
  parts: readonly Uint8Array[],
  bytes: number,
  reason: "not_json" | "truncated",
): NdjsonItem | undefined {
  const text = Buffer.concat(parts, bytes).toString("utf8");
  if (text.trim() === "") return undefined;
  try {
    return { type: "value", value: JSON.parse(text) as unknown, bytes };
  } catch {
    return { type: "unreadable", bytes, reason }; // Not JSON: said, not thrown; the next line may be.
  }
}
