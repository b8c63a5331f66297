import { PAGE_BYTES } from "./page.ts";

/** Has the content of pages that nobody has looked at yet. Pages are counted from the start of RAM. */
export interface PageSource {
  /** The pages that it has, ascending. */
  readonly runs: readonly PageSpan[];
  /**
   * Gives the content of a page, and of others that it has at hand.
   * @param put takes a page of PAGE_BYTES; one that is not wanted is passed over
   * @throws VmError `snapshot_invalid` where the content turns out to be damaged
   */
  supply(page: number, put: (page: number, bytes: Uint8Array) => void): void;
  /**
   * It is going to be asked from now on.
   * @param take to be called for a page that it is about to lose: takes the page now
   */
  open(take: (page: number) => void): void;
  /** Nothing more is going to be asked for. */
  close(): void;
}

/** Pages that lie one behind the other. */
export type PageSpan = { readonly first: number; readonly count: number };

/**
 * Which pages of RAM have no content yet, as their source has not been asked for it: a restored machine or a fork copies only what it
 * looks at. Whoever reads or writes RAM touches its pages before; what is in RAM in their place until then means nothing.
 */
export class AbsentPages {
  readonly #ram: Uint8Array;
  readonly #isAbsent: Uint8Array;
  #left = 0;
  #source: PageSource | undefined;

  /** @param ram a whole number of pages */
  constructor(ram: Uint8Array) {
    this.#ram = ram;
    this.#isAbsent = new Uint8Array(ram.length / PAGE_BYTES);
  }

  /** Has the pages of a source fetched when they are touched. All others are there; the source before is closed. */
  replace(source: PageSource | undefined): void {
    this.close();
    this.#source = source;
    source?.open((page) => this.touch(page));
    for (const { first, count } of source?.runs ?? []) {
      this.#isAbsent.fill(1, first, first + count);
      this.#left += count;
    }
  }

  /** Sees to it that a page has its content. */
  touch(page: number): void {
    if (this.#isAbsent[page] === 1) this.#source?.supply(page, this.#put);
  }

  /** The same for all pages from one to another, both included. */
  touchSpan(first: number, last: number): void {
    if (this.#left === 0) return;
    for (let page = first; page <= last; page++) this.touch(page);
  }

  /** A page is given its whole content by somebody else. */
  forget(page: number): void {
    if (this.#isAbsent[page] !== 1) return;
    this.#isAbsent[page] = 0;
    this.#left--;
  }

  /** Gives the source up: what was not touched stays without content. */
  close(): void {
    this.#source?.close();
    this.#source = undefined;
    this.#isAbsent.fill(0);
    this.#left = 0;
  }

  readonly #put = (page: number, bytes: Uint8Array): void => {
    if (this.#isAbsent[page] !== 1) return;
    this.#ram.set(bytes, page * PAGE_BYTES);
    this.forget(page);
  };
}
