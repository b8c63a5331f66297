import { ERROR_NUMBER, FileTreeError } from "./port.ts";
import { decodeText, encodeText } from "./text.ts";

/** Messages of 9P2000.L: little-endian, `size[4] type[1] tag[2]`, then fields by type. */

/** Bytes before a message's fields. */
export const MESSAGE_HEADER_BYTES = 7;

/** Types of requests; an answer's is one more. */
export const REQUEST = {
  error: 6,
  statfs: 8,
  open: 12,
  create: 14,
  symlink: 16,
  readlink: 22,
  getattr: 24,
  setattr: 26,
  readdir: 40,
  fsync: 50,
  mkdir: 72,
  renameat: 74,
  unlinkat: 76,
  version: 100,
  attach: 104,
  flush: 108,
  walk: 110,
  read: 116,
  write: 118,
  clunk: 120,
} as const;

/** Reads a request's fields, one after another. What is cut short is invalid. */
export class MessageReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset: number;

  constructor(bytes: Uint8Array, offset = 0) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#offset = offset;
  }

  byte(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  short(): number {
    return this.#view.getUint16(this.#advance(2), true);
  }

  word(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  /** Eight bytes. Above 2^53 is invalid: nothing here is as large. */
  long(): number {
    const offset = this.#advance(8);
    const value = this.#view.getUint32(offset, true) + this.#view.getUint32(offset + 4, true) * 2 ** 32;
    if (!Number.isSafeInteger(value)) {
      throw new FileTreeError(ERROR_NUMBER.invalid);
    }
    return value;
  }

  bytes(length: number): Uint8Array {
    const offset = this.#advance(length);
    return this.#bytes.subarray(offset, offset + length);
  }

  text(): string {
    const text = decodeText(this.bytes(this.short()));
    if (text === undefined) {
      // Names that are no UTF-8 can't be told apart here, so there are none.
      throw new FileTreeError(ERROR_NUMBER.invalid);
    }
    return text;
  }

  #advance(length: number): number {
    const offset = this.#offset;
    if (offset + length > this.#bytes.length) {
      throw new FileTreeError(ERROR_NUMBER.invalid);
    }
    this.#offset = offset + length;
    return offset;
  }
}

/** Puts an answer together. */
export class MessageWriter {
  #bytes: Uint8Array = new Uint8Array(256);
  #length = 0;

  /** Bytes so far. */
  get length(): number {
    return this.#length;
  }

  byte(value: number): this {
    this.#view(1).setUint8(0, value);
    return this;
  }

  short(value: number): this {
    this.#view(2).setUint16(0, value, true);
    return this;
  }

  word(value: number): this {
    this.#view(4).setUint32(0, value, true);
    return this;
  }

  /** Eight bytes. @param value an integer, 0 to 2^53-1 */
  long(value: number): this {
    return this.word(value % 2 ** 32).word(Math.floor(value / 2 ** 32));
  }

  bytes(value: Uint8Array): this {
    const view = this.#view(value.length);
    new Uint8Array(view.buffer, view.byteOffset, view.byteLength).set(value);
    return this;
  }

  text(value: string): this {
    const bytes = encodeText(value);
    return this.short(bytes.length).bytes(bytes);
  }

  /** All that was written. */
  toBytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #view(length: number): DataView {
    if (this.#length + length > this.#bytes.length) {
      const grown = new Uint8Array(2 * (this.#length + length));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#length += length;
    return new DataView(this.#bytes.buffer, this.#length - length, length);
  }
}
