/** What `setTimeout` can count to; beyond it, it would fire at once. */
const LONGEST_MS = 2 ** 31 - 1;

/** Timers that end together. */
export class Timers {
  readonly #pending = new Set<NodeJS.Timeout>();
  #closed = false;

  /** Calls `act` after `delayMs`, unless {@link close} comes first. */
  after(delayMs: number, act: () => void): void {
    if (this.#closed) return;
    const timer = setTimeout(
      () => {
        this.#pending.delete(timer);
        act();
      },
      Math.min(delayMs, LONGEST_MS),
    );
    this.#pending.add(timer);
  }

  /**
   * Calls `act` once `delayMs` have gone by since the last call of the function returned. Where `act` returns "again", it goes on from there.
   */
  afterSilence(delayMs: number, act: () => "again" | "done"): () => void {
    let last = performance.now();
    const wait = (remainingMs: number): void =>
      this.after(remainingMs, () => {
        const silent = performance.now() - last;
        // Timers count whole milliseconds, and may fire a fraction early.
        if (silent + 1 < delayMs) return wait(delayMs - silent);
        if (act() === "again") wait(delayMs);
      });
    wait(delayMs);
    return () => {
      last = performance.now();
    };
  }

  /** Drops all that is pending and all that would come later. */
  close(): void {
    this.#closed = true;
    for (const timer of this.#pending) clearTimeout(timer);
    this.#pending.clear();
  }
}
