import type { PageSource, PageSpan } from "./absent-pages.ts";

/** Somebody who has not looked at all pages yet. */
type Borrower = { readonly spans: readonly PageSpan[]; readonly take: (page: number) => void };

/**
 * The pages that other machines, made of this one, have not copied yet. They see what was there when they were made: before a page changes,
 * it is copied to each of them that has not. Copies made on write, as far as a memory of its own for each machine allows.
 */
export class LentPages {
  readonly #read: (page: number) => Uint8Array;
  readonly #borrowers: Set<Borrower> = new Set();

  /** @param read gives a view of a page of this machine's */
  constructor(read: (page: number) => Uint8Array) {
    this.#read = read;
  }

  /** Makes a source of the pages as they are now. */
  lend(spans: readonly PageSpan[]): PageSource {
    let borrower: Borrower | undefined;
    return {
      runs: spans,
      supply: (page, put) => put(page, this.#read(page)),
      open: (take) => {
        borrower = { spans, take };
        this.#borrowers.add(borrower);
      },
      close: () => {
        if (borrower !== undefined) this.#borrowers.delete(borrower);
      },
    };
  }

  /** A page is about to change. */
  changing(page: number): void {
    for (const { take } of this.#borrowers) take(page);
  }

  /** All pages are. */
  changingAll(): void {
    for (const { spans, take } of this.#borrowers)
      for (const { first, count } of spans) for (let page = first; page < first + count; page++) take(page);
  }
}
