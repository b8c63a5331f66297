import { addSequence, sequenceDistance } from "./sequence.ts";

/** Bytes that the peer may send ahead. A multiple of what WINDOW_SHIFT leaves out. */
export const WINDOW_BYTES: number = 256 * 1024;

/** How far the window's size is shifted in segments (RFC 7323, section 2). */
export const WINDOW_SHIFT = 3;

/** What a header's field holds, and a SYN's, which is never scaled, says. */
export const WINDOW_UNSCALED_MAX = 0xffff;

/** Segments that may wait for an earlier one. Beyond, they are dropped, and come again. */
const WAITING_MAX = 64;

/** Who takes what was received. */
export type ReceiverHost = {
  readonly data: (bytes: Uint8Array) => void;
  readonly end: () => void;
};

type Piece = { readonly sequence: number; readonly payload: Uint8Array; readonly isLast: boolean };

/**
 * One direction of a connection, from the peer to here (RFC 9293, section 3.10.7.4). Bytes are handed over as they come into order:
 * whoever takes them is asked for nothing but to `pause`, which keeps the window's far end where it is.
 */
export class Receiver {
  readonly #host: ReceiverHost;
  readonly #windowShift: number;
  readonly #windowBytes: number;
  #next: number;
  #edge: number;
  #waiting: Piece[] = [];
  #isHeld = true;
  #isPaused = false;
  #hasEnded = false;

  /** @param next the sequence number behind the peer's SYN @param isScaled both sides scale windows */
  constructor(host: ReceiverHost, next: number, isScaled: boolean) {
    this.#host = host;
    this.#windowShift = isScaled ? WINDOW_SHIFT : 0;
    this.#windowBytes = isScaled ? WINDOW_BYTES : WINDOW_UNSCALED_MAX;
    this.#next = next;
    this.#edge = addSequence(next, this.#windowBytes);
  }

  /** RCV.NXT: what comes next. */
  get next(): number {
    return this.#next;
  }

  /** True once the peer's FIN and all before it came. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** The window as a segment's header says it. */
  get window(): number {
    if (!this.#isPaused) {
      this.#edge = addSequence(this.#next, this.#windowBytes);
    }
    const bytes = Math.max(0, sequenceDistance(this.#next, this.#edge));
    return Math.min(WINDOW_UNSCALED_MAX, bytes >>> this.#windowShift);
  }

  /** True where a segment touches the window. @param length of payload, SYN and FIN in sequence numbers */
  isAcceptable(sequence: number, length: number): boolean {
    const start = sequenceDistance(this.#next, sequence);
    return start <= sequenceDistance(this.#next, this.#edge) && start + length >= (length > 0 && start < 0 ? 1 : 0);
  }

  /**
   * Takes a segment's content.
   * @returns false where it is not the next, and the peer is to be told at once what is missing
   */
  accept(sequence: number, payload: Uint8Array, isLast: boolean): boolean {
    if (this.#hasEnded) {
      return true;
    }
    const isNext = sequenceDistance(this.#next, sequence) <= 0;
    if (!isNext || this.#isHeld) {
      this.#keep({ sequence, payload, isLast });
      return isNext;
    }
    const hadGap = this.#waiting.length > 0;
    this.#take({ sequence, payload, isLast });
    this.#takeWaiting();
    return !hadGap;
  }

  /** From now on bytes are handed over. Until then they wait. @returns true where some did */
  release(): boolean {
    const before = this.#next;
    this.#isHeld = false;
    this.#takeWaiting();
    return this.#next !== before;
  }

  /** The window's far end stays where it is. */
  pause(): void {
    this.#isPaused = true;
  }

  /** @returns true where the window has opened so far that the peer is to be told */
  resume(): boolean {
    const room = sequenceDistance(this.#next, this.#edge);
    this.#isPaused = false;
    return room < this.#windowBytes / 2;
  }

  /** Nothing waits any more. */
  clear(): void {
    this.#waiting = [];
    this.#hasEnded = true;
  }

  #keep(piece: Piece): void {
    const bytes = this.#waiting.reduce((sum, { payload }) => sum + payload.length, piece.payload.length);
    const isKnown = this.#waiting.some(({ sequence }) => sequence === piece.sequence);
    if (!isKnown && this.#waiting.length < WAITING_MAX && bytes <= this.#windowBytes) {
      this.#waiting.push({ ...piece, payload: piece.payload.slice() });
    }
  }

  #takeWaiting(): void {
    for (;;) {
      const index = this.#waiting.findIndex(({ sequence }) => sequenceDistance(this.#next, sequence) <= 0);
      const [piece] = index < 0 ? [] : this.#waiting.splice(index, 1);
      if (piece === undefined || this.#hasEnded) {
        return;
      }
      this.#take(piece);
    }
  }

  /** Hands over what is new of a piece that begins at or before `#next`, and within the window. */
  #take({ sequence, payload, isLast }: Piece): void {
    const known = sequenceDistance(sequence, this.#next);
    const room = sequenceDistance(sequence, this.#edge);
    const fresh = payload.subarray(known, Math.max(known, room));
    this.#next = addSequence(this.#next, fresh.length);
    const isEnd = isLast && sequenceDistance(addSequence(sequence, payload.length), this.#next) === 0;
    if (isEnd) {
      this.#next = addSequence(this.#next, 1);
      this.#hasEnded = true;
      this.#waiting = [];
    }
    if (fresh.length > 0) {
      this.#host.data(fresh);
    }
    if (isEnd) {
      this.#host.end();
    }
  }
}
