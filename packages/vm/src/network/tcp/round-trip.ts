const MILLISECOND = 1_000_000;
const TIMEOUT_FIRST = 1000 * MILLISECOND;
/** Below the second that RFC 6298 advises: the guest is next door. */
const TIMEOUT_MIN = 200 * MILLISECOND;
const TIMEOUT_MAX = 60_000 * MILLISECOND;

/** How long to wait for an acknowledgement (RFC 6298). Times are in ns. */
export class RoundTrip {
  #smoothed: number | undefined;
  #variation = 0;
  #timeout = TIMEOUT_FIRST;

  /** A segment that was sent once took this long to be acknowledged. */
  measured(duration: number): void {
    if (this.#smoothed === undefined) {
      this.#smoothed = duration;
      this.#variation = duration / 2;
    } else {
      this.#variation = 0.75 * this.#variation + 0.25 * Math.abs(this.#smoothed - duration);
      this.#smoothed = 0.875 * this.#smoothed + 0.125 * duration;
    }
    this.#timeout = Math.max(TIMEOUT_MIN, this.#smoothed + Math.max(MILLISECOND, 4 * this.#variation));
  }

  /** Time until a retransmission. @param timeouts in a row so far: each doubles it */
  timeout(timeouts: number): number {
    return Math.min(TIMEOUT_MAX, this.#timeout * 2 ** timeouts);
  }
}
