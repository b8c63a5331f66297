/** Parsing a request's body part by part, so that parts which were seen before need not be parsed again. */
import type { JsonObject } from "../../agents/json-value.ts";
import { findValueEnd, isSpace } from "../wires/json-bytes.ts";

/** The keys under which wires keep a conversation: each message is a part of its own. */
const LISTS: ReadonlySet<string> = new Set(["contents", "input", "messages"]);
/** Keys as providers have them. Others (`__proto__`, numbers, escapes) JSON.parse treats in ways of its own. */
const PLAIN_KEY = /^[A-Za-z]\w*$/;
/** Bytes that are looked through at first for where a value ends; most values are shorter. */
const FIRST_WINDOW = 512;
/** Messages that are read one by one. Of a body that is made of nothing but items, each by itself would take seconds. */
const MAX_ITEMS = 10_000;

/** Gives the values of parts. */
export type PartReader = {
  /** A part that is known to stand at `start`, with its length; undefined where none is. */
  recall(start: number): { readonly value: unknown; readonly bytes: { readonly length: number } } | undefined;
  /** The value of the JSON from `start` up to `end`. Throws where it is none. */
  parse(start: number, end: number): unknown;
};

/**
 * The object that `json` is: what JSON.parse would give, made of what `parts` gives for its parts, which are the values at the top and
 * the messages of a conversation.
 * @param json in UTF-8.
 * @throws where it is no JSON object, or one that is written in an unusual way: ask JSON.parse then.
 */
export function splitJson(json: Buffer, parts: PartReader): JsonObject {
  const cursor = new Cursor(json);
  const object: Record<string, unknown> = {};
  cursor.expect("{");
  do {
    const key = cursor.takeKey();
    cursor.expect(":");
    object[key] = LISTS.has(key) && cursor.take("[") ? takeItems(cursor, parts) : cursor.takeValue(parts);
  } while (cursor.take(","));
  cursor.expect("}");
  cursor.expectEnd();
  return object;
}

function takeItems(cursor: Cursor, parts: PartReader): readonly unknown[] {
  const items: unknown[] = [];
  if (cursor.take("]")) return items;
  do {
    if (items.length === MAX_ITEMS) throw new SyntaxError(`Expected no more than ${MAX_ITEMS} messages.`);
    items.push(cursor.takeValue(parts));
  } while (cursor.take(","));
  cursor.expect("]");
  return items;
}

/** Where the reading is. Everything between the parts is checked here, and the parts by whoever parses them: so the whole is valid. */
class Cursor {
  readonly #json: Buffer;
  #at = 0;

  constructor(json: Buffer) {
    this.#json = json;
  }

  /** Moves on where the next sign is `sign`. */
  take(sign: string): boolean {
    this.#skipSpace();
    if (this.#json[this.#at] !== sign.charCodeAt(0)) return false;
    this.#at += 1;
    return true;
  }

  expect(sign: string): void {
    if (!this.take(sign)) throw new SyntaxError(`Expected ${sign} at ${this.#at}.`);
  }

  expectEnd(): void {
    this.#skipSpace();
    if (this.#at < this.#json.length) throw new SyntaxError("Expected the end.");
  }

  takeKey(): string {
    this.expect('"');
    const end = this.#json.indexOf('"', this.#at, "latin1");
    const key = this.#json.toString("latin1", this.#at, end);
    if (!PLAIN_KEY.test(key)) throw new SyntaxError("Expected a plain key.");
    this.#at = end + 1;
    return key;
  }

  takeValue(parts: PartReader): unknown {
    this.#skipSpace();
    const start = this.#at;
    const known = parts.recall(start);
    this.#at = known === undefined ? this.#findEnd(start) : start + known.bytes.length;
    return known === undefined ? parts.parse(start, this.#at) : known.value;
  }

  #skipSpace(): void {
    while (isSpace(this.#json[this.#at] ?? 0)) this.#at += 1;
  }

  /** Where the value ends that begins at `start`: it is looked for in ever longer pieces, as most of a body is known, and need not be text. */
  #findEnd(start: number): number {
    for (let window = FIRST_WINDOW; ; window *= 8) {
      const text = this.#json.toString("latin1", start, start + window);
      const end = findValueEnd(text, 0);
      if (end < text.length || start + text.length === this.#json.length) return start + end;
    }
  }
}
