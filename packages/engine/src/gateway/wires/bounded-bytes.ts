/** Room that is kept from one value to the next; above it, memory is given back. */
const KEPT_BYTES = 64 * 1024;
const FIRST_BYTES = 1024;
/** Of most answers nothing comes in pieces: then no room is needed. */
const NO_ROOM = Buffer.alloc(0);

/**
 * Bytes that come in pieces, copied together, up to a limit. They are copied because a piece of one byte would keep the whole
 * chunk alive that it came in. Above the limit all of it is dropped: a part of a document is of no use.
 */
export class BoundedBytes {
  readonly #limit: number;
  #room: Buffer = NO_ROOM;
  #length = 0;
  #overflown = false;

  /** @param limit in bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** True once more has come than the limit allows, until {@link clear}. */
  get overflown(): boolean {
    return this.#overflown;
  }

  get isEmpty(): boolean {
    return this.#length === 0 && !this.#overflown;
  }

  /** What has come so far: a view that holds until the next change. Empty after an overflow. */
  get view(): Buffer {
    return this.#room.subarray(0, this.#length);
  }

  append(piece: Uint8Array): void {
    if (this.#overflown) return;
    if (this.#length + piece.length > this.#limit) {
      this.overflow();
      return;
    }
    this.#reserve(this.#length + piece.length);
    this.#room.set(piece, this.#length);
    this.#length += piece.length;
  }

  /** Drops everything, as though too much had come. */
  overflow(): void {
    this.clear();
    this.#overflown = true;
  }

  /** Starts anew. */
  clear(): void {
    this.#length = 0;
    this.#overflown = false;
    if (this.#room.length > KEPT_BYTES) this.#room = NO_ROOM;
  }

  #reserve(needed: number): void {
    if (needed <= this.#room.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#room.length * 2, FIRST_BYTES));
    this.#room.copy(larger, 0, 0, this.#length);
    this.#room = larger;
  }
}
