import { BoundedBytes } from "./bounded-bytes.ts";
import type { DocumentFramer, DocumentSink } from "./document-framer.ts";

/** The longest event that is read. Real ones stay under some 100 KiB; the last one of a Responses stream repeats the whole answer. */
const MAX_EVENT_BYTES = 4 * 1024 * 1024;

const LINE_FEED = "\n";
const CARRIAGE_RETURN = "\r";
const DATA = "data:";
const LINE_END = /[\r\n]/g;

/**
 * Finds the data of server-sent events, as the HTML standard describes them: lines end in LF, CR or CRLF; the `data` lines of an
 * event belong together; an empty line ends it. Names, ids and comments are of no interest here. Unlike a browser, it takes a last
 * event without its empty line: many servers leave it out.
 */
export class EventStreamFramer implements DocumentFramer {
  readonly #sink: DocumentSink;
  /** The line under way, where it began in an earlier chunk. */
  readonly #line = new BoundedBytes(MAX_EVENT_BYTES);
  /** The data of the event under way: of nearly all it is one line of one chunk, which is not copied. */
  #data = "";
  /** The same, where it is more lines, or of earlier chunks: those are not to be kept alive. */
  readonly #held = new BoundedBytes(MAX_EVENT_BYTES);
  /** The last byte was a CR: an LF right after it belongs to the same line end. */
  #afterReturn = false;

  constructor(sink: DocumentSink) {
    this.#sink = sink;
  }

  push(chunk: Buffer): void {
    const text = chunk.toString("latin1");
    const hasReturns = text.includes(CARRIAGE_RETURN);
    let start = 0;
    for (let end = findLineEnd(text, 0, hasReturns); end >= 0; end = findLineEnd(text, start, hasReturns)) {
      const isSecondHalf = this.#afterReturn && end === start && text[end] === LINE_FEED;
      if (!isSecondHalf) this.#endLine(text, start, end);
      this.#afterReturn = text[end] === CARRIAGE_RETURN;
      start = end + 1;
    }
    this.#hold();
    if (start === chunk.length) return;
    this.#line.append(chunk.subarray(start));
    this.#afterReturn = false;
  }

  end(): void {
    this.#endLine("", 0, 0);
    this.#endEvent();
  }

  /** The line that ends with what `text` has from `start` up to `end`. Most begin there, too, and are not copied. */
  #endLine(text: string, start: number, end: number): void {
    if (this.#line.isEmpty) {
      this.#takeLine(text, start, end);
      return;
    }
    this.#line.append(Buffer.from(text.slice(start, end), "latin1"));
    if (this.#line.overflown) this.#overflow();
    else this.#takeLine(this.#line.view.toString("latin1"));
    this.#line.clear();
  }

  #takeLine(text: string, start = 0, end: number = text.length): void {
    if (start === end) this.#endEvent();
    // The same limit as for a line in pieces, or the result would depend on the chunks.
    else if (end - start > MAX_EVENT_BYTES) this.#overflow();
    else if (text.startsWith(DATA, start)) {
      const from = start + DATA.length;
      this.#takeData(text.slice(text[from] === " " ? from + 1 : from, end));
    }
  }

  #takeData(data: string): void {
    this.#hold();
    if (this.#held.isEmpty) this.#data = data;
    else this.#held.append(Buffer.from(`${LINE_FEED}${data}`, "latin1"));
  }

  #hold(): void {
    if (this.#data !== "") this.#held.append(Buffer.from(this.#data, "latin1"));
    this.#data = "";
  }

  #overflow(): void {
    this.#data = "";
    this.#held.overflow();
  }

  #endEvent(): void {
    if (this.#held.overflown) this.#sink.damage();
    else if (!this.#held.isEmpty) this.#sink.document(this.#held.view.toString("latin1"));
    else if (this.#data !== "") this.#sink.document(this.#data);
    this.#data = "";
    if (!this.#held.isEmpty) this.#held.clear();
  }
}

/** The next CR or LF; -1 where there is none. The search for LF alone is native, and enough for nearly every stream. */
function findLineEnd(text: string, from: number, hasReturns: boolean): number {
  if (!hasReturns) return text.indexOf(LINE_FEED, from);
  LINE_END.lastIndex = from;
  return LINE_END.test(text) ? LINE_END.lastIndex - 1 : -1;
}
