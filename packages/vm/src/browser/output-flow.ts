/** What may be on its way to the page: some screens full, so that a guest that prints without end does not fill the page's memory. */
const WINDOW_BYTES = 0x4_0000;

/** Counts output that the page has not taken yet, and holds the machine up where it is too much. */
export class OutputFlow {
  #underWay = 0;
  #resume: () => void = () => undefined;

  /** Bytes were sent. */
  sent(bytes: number): void {
    this.#underWay += bytes;
  }

  /** The page has shown bytes. */
  taken(bytes: number): void {
    this.#underWay -= bytes;
    if (this.#underWay <= WINDOW_BYTES) this.#resume();
  }

  /** Resolves when there is room for more. */
  async untilRoom(): Promise<void> {
    if (this.#underWay <= WINDOW_BYTES) return;
    await new Promise<void>((resolve) => {
      this.#resume = resolve;
    });
  }
}
