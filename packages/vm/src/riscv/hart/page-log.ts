/** Most pages that are told apart: a process seldom touches more of one kind before the next one runs. */
const MOST_PAGES = 512;

/** Pages that were noted since it was emptied, by the lower half of an address in each; a page may be noted several times. */
export class PageLog {
  readonly #pages = new Int32Array(MOST_PAGES);
  #count = 0;

  /** @param low lower half of an address in the page */
  note(low: number): void {
    if (this.#count < MOST_PAGES) this.#pages[this.#count] = low;
    this.#count++;
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** The pages that were noted; undefined where there were too many to be told apart. */
  get pages(): Int32Array | undefined {
    return this.#count <= MOST_PAGES ? this.#pages.subarray(0, this.#count) : undefined;
  }

  empty(): void {
    this.#count = 0;
  }
}
