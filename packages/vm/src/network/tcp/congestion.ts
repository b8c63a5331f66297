import { sequenceDistance } from "./sequence.ts";

const INITIAL_SEGMENTS = 10;
const DUPLICATES_FOR_LOSS = 3;

/**
 * How much may be under way (RFC 5681 with the recovery of RFC 6582 and the initial window of RFC 6928). The link itself loses nothing,
 * but a guest that is slow to take frames makes the queue before it overflow.
 */
export class Congestion {
  readonly #segment: number;
  #window: number;
  #threshold = Number.POSITIVE_INFINITY;
  #duplicates = 0;
  /** While losses are being repaired: what had been sent when the first was noticed. */
  #recovery: number | undefined;

  /** @param segment payload of a full segment, in bytes */
  constructor(segment: number) {
    this.#segment = segment;
    this.#window = INITIAL_SEGMENTS * segment;
  }

  /** Bytes that may be under way. */
  get window(): number {
    return this.#window;
  }

  /**
   * Something new was acknowledged.
   * @param count bytes
   * @param upTo the acknowledgement
   * @returns true where the next segment was lost as well, and is to be sent again
   */
  acknowledged(count: number, upTo: number): boolean {
    this.#duplicates = 0;
    if (this.#recovery !== undefined) {
      if (sequenceDistance(this.#recovery, upTo) < 0) {
        this.#window = Math.max(this.#segment, this.#window - count + this.#segment);
        return true;
      }
      this.#recovery = undefined;
      this.#window = this.#threshold;
    }
    const isSlowStart = this.#window < this.#threshold;
    this.#window += isSlowStart ? count : Math.max(1, Math.floor((this.#segment * count) / this.#window));
    return false;
  }

  /**
   * The same was acknowledged once more: something behind it arrived.
   * @param flight bytes under way
   * @param sent the highest sequence number sent
   * @returns true where that means loss, and the first segment is to be sent again
   */
  duplicated(flight: number, sent: number): boolean {
    this.#duplicates += 1;
    if (this.#recovery !== undefined) {
      this.#window += this.#segment;
      return false;
    }
    if (this.#duplicates < DUPLICATES_FOR_LOSS) {
      return false;
    }
    this.#reduceThreshold(flight);
    this.#window = this.#threshold + DUPLICATES_FOR_LOSS * this.#segment;
    this.#recovery = sent;
    return true;
  }

  /** Nothing was acknowledged for too long. @param flight bytes under way */
  timedOut(flight: number): void {
    this.#reduceThreshold(flight);
    this.#window = this.#segment;
    this.#duplicates = 0;
    this.#recovery = undefined;
  }

  #reduceThreshold(flight: number): void {
    this.#threshold = Math.max(Math.floor(flight / 2), 2 * this.#segment);
  }
}
