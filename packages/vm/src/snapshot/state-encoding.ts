import type { DeviceState } from "../bus/port.ts";
import { decodeText, encodeText } from "../devices/virtio-9p/text.ts";
import { ByteWriter } from "../wasm/byte-writer.ts";
import { invalidSnapshot } from "./format.ts";

/*
 * States in bytes. A state: how many values it has; each value: its name, a tag, and what the tag says. Numbers of things, lengths and
 * `whole` are LEB128; a name is its place among those that came before, or the next place, and then the text (its length, UTF-8).
 */
const TAG = { no: 0, yes: 1, whole: 2, number: 3, text: 4, bytes: 5, list: 6, state: 7 } as const;

/** States within states. No device has nearly as many; a hostile file could have more than the stack holds. */
const DEPTH_MAX = 32;

/** Encodes a state. */
export function encodeState(state: DeviceState): Uint8Array<ArrayBuffer> {
  const encoder = new Encoder();
  encoder.state(state);
  return encoder.writer.take();
}

/**
 * Decodes a state. What it makes of `bytes` takes no more than a fixed multiple of them; byte arrays in it are views of them.
 * @throws VmError `snapshot_invalid` where they are not exactly one state
 */
export function decodeState(bytes: Uint8Array): DeviceState {
  const decoder = new Decoder(bytes);
  const state = decoder.state(0);
  decoder.end();
  return state;
}

type Value = DeviceState[string];

class Encoder {
  readonly writer: ByteWriter = new ByteWriter();
  readonly #names: Map<string, number> = new Map();

  state(state: DeviceState): void {
    const values = Object.entries(state);
    this.whole(values.length);
    for (const [name, value] of values) {
      this.#name(name);
      this.#value(value);
    }
  }

  whole(value: number): void {
    let rest = value;
    for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) this.writer.byte((rest % 0x80) | 0x80);
    this.writer.byte(rest);
  }

  #name(name: string): void {
    const place = this.#names.get(name) ?? this.#names.size;
    this.whole(place);
    if (place < this.#names.size) return;
    this.#names.set(name, place);
    this.#sized(encodeText(name));
  }

  #value(value: Value): void {
    if (typeof value === "boolean") this.writer.byte(value ? TAG.yes : TAG.no);
    else if (typeof value === "number") this.#number(value);
    else if (typeof value === "string") this.#tagged(TAG.text, () => this.#sized(encodeText(value)));
    else if (value instanceof Uint8Array) this.#tagged(TAG.bytes, () => this.#sized(value));
    else if (isList(value)) this.#tagged(TAG.list, () => this.#list(value));
    else this.#tagged(TAG.state, () => this.state(value));
  }

  #tagged(tag: number, write: () => void): void {
    this.writer.byte(tag);
    write();
  }

  #number(value: number): void {
    if (Number.isSafeInteger(value) && value >= 0 && !Object.is(value, -0))
      return this.#tagged(TAG.whole, () => this.whole(value));
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setFloat64(0, value, true);
    this.#tagged(TAG.number, () => this.writer.bytes(bytes));
  }

  #sized(bytes: Uint8Array): void {
    this.whole(bytes.length);
    this.writer.bytes(bytes);
  }

  #list(states: readonly DeviceState[]): void {
    this.whole(states.length);
    for (const state of states) this.state(state);
  }
}

class Decoder {
  readonly #bytes: Uint8Array;
  readonly #names: string[] = [];
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  state(depth: number): DeviceState {
    if (depth > DEPTH_MAX) throw invalidSnapshot(`has states more than ${DEPTH_MAX} deep`);
    const count = this.#count();
    const values = new Map<string, Value>();
    for (let index = 0; index < count; index++) {
      const name = this.#name();
      if (values.has(name)) throw invalidSnapshot(`has a state with two values named "${name}"`);
      values.set(name, this.#value(depth));
    }
    return Object.fromEntries(values);
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw invalidSnapshot("has a state with something behind its end");
  }

  #value(depth: number): Value {
    const tag = this.#byte();
    switch (tag) {
      case TAG.no:
      case TAG.yes:
        return tag === TAG.yes;
      case TAG.whole:
        return this.#whole();
      case TAG.number:
        return this.#number();
      case TAG.text:
        return this.#text();
      case TAG.bytes:
        return this.#take(this.#count());
      case TAG.list:
        return Array.from({ length: this.#count() }, () => this.state(depth + 1));
      case TAG.state:
        return this.state(depth + 1);
      default:
        throw invalidSnapshot(`has a value of the unknown kind ${tag}`);
    }
  }

  #name(): string {
    const place = this.#whole();
    const known = this.#names[place];
    if (known !== undefined) return known;
    if (place !== this.#names.length) throw invalidSnapshot("has a value whose name is nowhere");
    const name = this.#text();
    this.#names.push(name);
    return name;
  }

  #number(): number {
    const bytes = this.#take(8);
    return new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0, true);
  }

  #text(): string {
    const text = decodeText(this.#take(this.#count()));
    if (text === undefined) throw invalidSnapshot("has a text that is no UTF-8");
    return text;
  }

  /** How many of what takes at least a byte each. */
  #count(): number {
    const count = this.#whole();
    if (count > this.#bytes.length - this.#at) throw cutOff();
    return count;
  }

  #whole(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 0x80) {
      const byte = this.#byte();
      value += (byte & 0x7f) * factor;
      if (value > Number.MAX_SAFE_INTEGER) throw invalidSnapshot("has a number above 2^53");
      if (byte < 0x80) return value;
      if (factor > Number.MAX_SAFE_INTEGER) throw invalidSnapshot("has a number without end");
    }
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw cutOff();
    return byte;
  }

  #take(length: number): Uint8Array {
    const start = this.#at;
    this.#at += length;
    if (this.#at > this.#bytes.length) throw cutOff();
    return this.#bytes.subarray(start, this.#at);
  }
}

function cutOff(): Error {
  return invalidSnapshot("has a state that is cut off");
}

function isList(value: DeviceState | readonly DeviceState[]): value is readonly DeviceState[] {
  return Array.isArray(value);
}
