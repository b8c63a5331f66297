/** Writes bytes into a buffer that grows. Numbers are written as WebAssembly wants them (LEB128). */
export class ByteWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  /** How many bytes were written. */
  length = 0;

  /** @param capacity in bytes, to begin with */
  constructor(capacity = 1024) {
    this.#bytes = new Uint8Array(capacity);
  }

  #reserve(count: number): void {
    if (this.length + count <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.length + count));
    grown.set(this.#bytes.subarray(0, this.length));
    this.#bytes = grown;
  }

  /** One byte. */
  byte(value: number): void {
    if (this.length === this.#bytes.length) this.#reserve(1);
    this.#bytes[this.length++] = value;
  }

  /** Bytes as they are. */
  bytes(values: Uint8Array): void {
    this.#reserve(values.length);
    this.#bytes.set(values, this.length);
    this.length += values.length;
  }

  /** An unsigned number below 2^32. */
  unsigned(value: number): void {
    let rest = value >>> 0;
    while (rest > 0x7f) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.byte(rest);
  }

  /** An unsigned number in five bytes, whatever its size: it can be written over later. */
  padded(value: number): void {
    for (let shift = 0; shift < 28; shift += 7) this.byte(((value >>> shift) & 0x7f) | 0x80);
    this.byte((value >>> 28) & 0x7f);
  }

  /** A signed 32-bit number. */
  signed(value: number): void {
    let rest = value | 0;
    while (rest > 63 || rest < -64) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>= 7;
    }
    this.byte(rest & 0x7f);
  }

  /** A signed 64-bit number in two halves. */
  signed64(low: number, high: number): void {
    let l = low | 0;
    let h = high | 0;
    while (h !== l >> 31 || l > 63 || l < -64) {
      this.byte((l & 0x7f) | 0x80);
      l = (l >>> 7) | (h << 25);
      h >>= 7;
    }
    this.byte(l & 0x7f);
  }

  /** Text in UTF-8, its length first. ASCII only. */
  text(value: string): void {
    this.unsigned(value.length);
    for (let index = 0; index < value.length; index++) this.byte(value.charCodeAt(index) & 0x7f);
  }

  /** Overwrites a number that `padded` wrote. */
  patch(at: number, value: number): void {
    for (let index = 0; index < 5; index++)
      this.#bytes[at + index] = ((value >>> (7 * index)) & 0x7f) | (index < 4 ? 0x80 : 0);
  }

  /** Starts anew. What `view` gave is overwritten. */
  clear(): void {
    this.length = 0;
  }

  /** What was written; valid until more is. */
  view(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.length);
  }

  /** A copy of what was written. */
  take(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.length);
  }
}
