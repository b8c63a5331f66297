import { BoundedBytes } from "./bounded-bytes.ts";
import type { DocumentFramer, DocumentSink } from "./document-framer.ts";

/** The longest event that is read. Real ones stay under some 100 KiB; the last one of a Responses stream repeats the whole answer. */
const MAX_EVENT_BYTES = 4 * 1024 * 1024;

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const COLON = 0x3a;
const DATA = Buffer.from("data");
const NEW_LINE = Buffer.from("\n");

/**
 * Finds the data of server-sent events, as the HTML standard describes them: lines end in LF, CR or CRLF; the `data` lines of an
 * event belong together; an empty line ends it. Names, ids and comments are of no interest here. Unlike a browser, it takes a last
 * event without its empty line: many servers leave it out.
 */
export class EventStreamFramer implements DocumentFramer {
  readonly #sink: DocumentSink;
  /** The line under way, where it began in an earlier chunk. */
  readonly #line = new BoundedBytes(MAX_EVENT_BYTES);
  readonly #data = new BoundedBytes(MAX_EVENT_BYTES);
  /** The last byte was a CR: an LF right after it belongs to the same line end. */
  #afterReturn = false;

  constructor(sink: DocumentSink) {
    this.#sink = sink;
  }

  push(chunk: Buffer): void {
    const hasReturns = chunk.includes(CARRIAGE_RETURN);
    let start = 0;
    for (let end = findLineEnd(chunk, 0, hasReturns); end >= 0; end = findLineEnd(chunk, start, hasReturns)) {
      const isSecondHalf = this.#afterReturn && end === start && chunk[end] === LINE_FEED;
      if (!isSecondHalf) this.#endLine(chunk.subarray(start, end));
      this.#afterReturn = chunk[end] === CARRIAGE_RETURN;
      start = end + 1;
    }
    if (start === chunk.length) return;
    this.#line.append(chunk.subarray(start));
    this.#afterReturn = false;
  }

  end(): void {
    this.#endLine(NEW_LINE.subarray(1));
    this.#endEvent();
  }

  #endLine(rest: Buffer): void {
    if (this.#line.isEmpty) {
      this.#takeLine(rest);
      return;
    }
    this.#line.append(rest);
    if (this.#line.overflown) this.#data.overflow();
    else this.#takeLine(this.#line.view);
    this.#line.clear();
  }

  #takeLine(line: Buffer): void {
    if (line.length === 0) this.#endEvent();
    // The same limit as for a line in pieces, or the result would depend on the chunks.
    else if (line.length > MAX_EVENT_BYTES) this.#data.overflow();
    else if (line[DATA.length] === COLON && line.subarray(0, DATA.length).equals(DATA)) this.#takeData(line);
  }

  #takeData(line: Buffer): void {
    const from = DATA.length + 1;
    if (!this.#data.isEmpty) this.#data.append(NEW_LINE);
    this.#data.append(line.subarray(line[from] === SPACE ? from + 1 : from));
  }

  #endEvent(): void {
    if (this.#data.isEmpty) return;
    if (this.#data.overflown) this.#sink.damage();
    else this.#sink.document(this.#data.view);
    this.#data.clear();
  }
}

/** The next CR or LF; -1 where there is none. The search for LF alone is native, and enough for nearly every stream. */
function findLineEnd(chunk: Buffer, from: number, hasReturns: boolean): number {
  if (!hasReturns) return chunk.indexOf(LINE_FEED, from);
  for (let at = from; at < chunk.length; at += 1) {
    if (chunk[at] === LINE_FEED || chunk[at] === CARRIAGE_RETURN) return at;
  }
  return -1;
}
