const SIZE_MIN = 4096;

/** Bytes that wait in line. Room is made as they come, and given back when none is left. */
export class ByteRing {
  #bytes: Uint8Array = new Uint8Array(0);
  #start = 0;
  #length = 0;

  /** Bytes that wait. */
  get length(): number {
    return this.#length;
  }

  /** Puts bytes at the end. */
  append(bytes: Uint8Array): void {
    this.#reserve(this.#length + bytes.length);
    const at = (this.#start + this.#length) % Math.max(1, this.#bytes.length);
    const head = Math.min(bytes.length, this.#bytes.length - at);
    this.#bytes.set(bytes.subarray(0, head), at);
    this.#bytes.set(bytes.subarray(head), 0);
    this.#length += bytes.length;
  }

  /** Copies bytes that wait, and leaves them there. @param offset from the first; offset and target lie within `length` */
  copy(offset: number, target: Uint8Array): void {
    const at = (this.#start + offset) % Math.max(1, this.#bytes.length);
    const head = Math.min(target.length, this.#bytes.length - at);
    target.set(this.#bytes.subarray(at, at + head), 0);
    target.set(this.#bytes.subarray(0, target.length - head), head);
  }

  /** Drops bytes from the front. @param count at most `length` */
  discard(count: number): void {
    this.#length -= count;
    this.#start = (this.#start + count) % Math.max(1, this.#bytes.length);
    if (this.#length === 0) {
      this.#bytes = this.#bytes.length > SIZE_MIN ? new Uint8Array(0) : this.#bytes;
      this.#start = 0;
    }
  }

  #reserve(size: number): void {
    if (size <= this.#bytes.length) {
      return;
    }
    let capacity = Math.max(SIZE_MIN, this.#bytes.length);
    while (capacity < size) {
      capacity *= 2;
    }
    const grown = new Uint8Array(capacity);
    this.copy(0, grown.subarray(0, this.#length));
    this.#bytes = grown;
    this.#start = 0;
  }
}
