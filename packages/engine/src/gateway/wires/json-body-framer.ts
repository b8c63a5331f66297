import { BoundedBytes } from "./bounded-bytes.ts";
import type { DocumentFramer, DocumentSink } from "./document-framer.ts";
import { isSpace, JsonNesting, OPEN_BRACE, OPEN_BRACKET } from "./json-bytes.ts";

/** The longest object that is read from a body. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

/** What a body is, by its first byte. An error page is neither: its braces mean nothing. */
type Shape = "object" | "array" | "other";

/**
 * Finds the objects of a JSON body: the one that it is, or, as Gemini streams without `alt=sse`, those that an array holds. The latter
 * are told as soon as each is whole, so that what a cut array held before the cut is known.
 */
export class JsonBodyFramer implements DocumentFramer {
  readonly #sink: DocumentSink;
  readonly #object = new BoundedBytes(MAX_BODY_BYTES);
  #shape: Shape | undefined;
  /** Undefined between the objects of an array. */
  #nesting: JsonNesting | undefined;

  constructor(sink: DocumentSink) {
    this.#sink = sink;
  }

  push(chunk: Buffer): void {
    this.#shape ??= shapeOf(chunk);
    if (this.#shape === "object") this.#object.append(chunk);
    else if (this.#shape === "array") this.#takeItems(chunk);
  }

  end(): void {
    if (!this.#object.isEmpty) this.#endObject();
  }

  #takeItems(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#nesting === undefined) {
        at = chunk.indexOf(OPEN_BRACE, at);
        if (at < 0) return;
        this.#nesting = new JsonNesting();
      }
      at = this.#takeItem(chunk, at, this.#nesting);
    }
  }

  /** @returns where the object ends, or the chunk. */
  #takeItem(chunk: Buffer, start: number, nesting: JsonNesting): number {
    for (let at = start; at < chunk.length; at += 1) {
      if (!nesting.take(chunk[at] ?? 0)) continue;
      this.#object.append(chunk.subarray(start, at + 1));
      this.#endObject();
      return at + 1;
    }
    this.#object.append(chunk.subarray(start));
    return chunk.length;
  }

  #endObject(): void {
    if (this.#object.overflown) this.#sink.damage();
    else this.#sink.document(this.#object.view.toString("latin1"));
    this.#object.clear();
    this.#nesting = undefined;
  }
}

/** Undefined where the chunk holds only white space. */
function shapeOf(chunk: Buffer): Shape | undefined {
  const first = chunk.find((byte) => !isSpace(byte));
  if (first === undefined) return undefined;
  if (first === OPEN_BRACE) return "object";
  return first === OPEN_BRACKET ? "array" : "other";
}
