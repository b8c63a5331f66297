/** Bytes on their way to one who takes them in its own time: a ring of fixed size. */
export class ByteQueue {
  readonly #ring: Uint8Array;
  #start = 0;
  #length = 0;

  /** @param capacity in bytes: a queue never holds more */
  constructor(capacity: number) {
    this.#ring = new Uint8Array(capacity);
  }

  /** Bytes that wait. */
  get length(): number {
    return this.#length;
  }

  /** Appends a copy. @returns how many bytes found room */
  write(bytes: Uint8Array): number {
    const { length: capacity } = this.#ring;
    const taken = bytes.subarray(0, capacity - this.#length);
    const at = (this.#start + this.#length) % capacity;
    const first = taken.subarray(0, capacity - at);
    this.#ring.set(first, at);
    this.#ring.set(taken.subarray(first.length), 0);
    this.#length += taken.length;
    return taken.length;
  }

  /** Takes the oldest bytes out. @returns how many came into the view */
  read(into: Uint8Array): number {
    const { length: capacity } = this.#ring;
    const count = Math.min(into.length, this.#length);
    const first = this.#ring.subarray(this.#start, Math.min(this.#start + count, capacity));
    into.set(first);
    into.set(this.#ring.subarray(0, count - first.length), first.length);
    this.#start = (this.#start + count) % capacity;
    this.#length -= count;
    return count;
  }

  clear(): void {
    this.#start = 0;
    this.#length = 0;
  }

  /** A copy of what waits, which stays. */
  peekAll(): Uint8Array {
    const bytes = new Uint8Array(this.#length);
    const first = this.#ring.subarray(this.#start, Math.min(this.#start + this.#length, this.#ring.length));
    bytes.set(first);
    bytes.set(this.#ring.subarray(0, this.#length - first.length), first.length);
    return bytes;
  }
}
