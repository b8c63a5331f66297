import type { JsonObject } from "../json.ts";

/** A server-sent event that names its type in `event:` and in the data, as Anthropic and Responses do. */
export function namedEvent(type: string, data: JsonObject): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;
}

/** A server-sent event that is data alone, as Chat Completions and Gemini send. */
export function dataEvent(data: JsonObject | string): string {
  return `data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`;
}

/** Splits a text into the pieces that a stream sends: words with the white space after them. Joined, they are the text. */
export function toPieces(text: string): readonly string[] {
  return text.match(/\s*\S+\s*|\s+/g) ?? [];
}
