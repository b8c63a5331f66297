/**
 * Searching JSON without parsing it, for where parsing each piece would cost more than all the rest. Texts are Latin-1 views of the
 * bytes, one character a byte: searching them costs about half of what searching a Buffer costs.
 */

const TAB = 0x09;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
export const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
export const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** Follows one object or array, byte by byte, to find its end. */
export class JsonNesting {
  #depth = 0;
  #inString = false;
  #escaped = false;

  /** @returns true for the value's last byte. */
  take(byte: number): boolean {
    if (this.#inString) {
      this.#skipInString(byte);
    } else if (byte === QUOTE) {
      this.#inString = true;
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      this.#depth += 1;
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      this.#depth -= 1;
      return this.#depth <= 0;
    }
    return false;
  }

  #skipInString(byte: number): void {
    if (this.#escaped) this.#escaped = false;
    else if (byte === BACKSLASH) this.#escaped = true;
    else if (byte === QUOTE) this.#inString = false;
  }
}

/**
 * What finds any of the keys, up to where its value begins. A text that quotes JSON does not match: its quotes are escaped.
 * @param names of letters and `_`.
 */
export function toKeyPattern(names: readonly string[]): RegExp {
  return new RegExp(`"(${names.join("|")})"[ \\t\\r\\n]*:[ \\t\\r\\n]*`, "g");
}

/** Tells whether `json` ends as an object does, white space aside. */
export function endsAsObject(json: string): boolean {
  let last = json.length - 1;
  while (isSpace(json.charCodeAt(last))) last -= 1;
  return json.charCodeAt(last) === CLOSE_BRACE;
}

/** Where the string, object or array ends that begins at `start`; `start` itself for other values. */
export function findEnd(json: string, start: number): number {
  const first = json.charCodeAt(start);
  if (first === QUOTE) return findStringEnd(json, start);
  return first === OPEN_BRACE || first === OPEN_BRACKET ? findNestedEnd(json, start) : start;
}

/** Where the value ends that begins at `start`, whatever it is. Of what is no JSON, some place behind `start`, or the end. */
export function findValueEnd(json: string, start: number): number {
  const end = findEnd(json, start);
  if (end > start) return end;
  AFTER_WORD.lastIndex = start;
  return AFTER_WORD.test(json) ? AFTER_WORD.lastIndex - 1 : json.length;
}

/** What ends a number, `true`, `false` or `null`. */
const AFTER_WORD = /[\s,\]}]/g;

/** Jumps over strings, of which most of JSON is made; what is in them counts for nothing. */
function findNestedEnd(json: string, start: number): number {
  let depth = 0;
  for (let at = start; at < json.length; at += 1) {
    const sign = json.charCodeAt(at);
    if (sign === QUOTE) at = findStringEnd(json, at) - 1;
    else if (sign === OPEN_BRACE || sign === OPEN_BRACKET) depth += 1;
    else if ((sign === CLOSE_BRACE || sign === CLOSE_BRACKET) && (depth -= 1) === 0) return at + 1;
  }
  return json.length;
}

/** Most of an answer is strings: the native search jumps from quote to quote. */
function findStringEnd(json: string, start: number): number {
  for (let at = json.indexOf('"', start + 1); at >= 0; at = json.indexOf('"', at + 1)) {
    let backslashes = 0;
    while (json.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return at + 1;
  }
  return json.length;
}

/** Tells whether a byte is white space between the values of JSON. */
export function isSpace(byte: number): boolean {
  return byte === SPACE || byte === LINE_FEED || byte === CARRIAGE_RETURN || byte === TAB;
}
