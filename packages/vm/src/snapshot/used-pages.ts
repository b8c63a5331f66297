import type { PageSource, PageSpan } from "../memory/absent-pages.ts";
import { PAGE_BYTES } from "../memory/page.ts";
import type { GuestMemory } from "../memory/physical-memory.ts";

/** Pages of RAM that lie one behind the other. */
export type PageRun = {
  /** Number of the first one, counted from the start of RAM. */
  readonly first: number;
  /** Their content: a multiple of PAGE_BYTES. */
  readonly bytes: Uint8Array;
};

/**
 * The pages of RAM that were ever written; all others are zero, and cost a snapshot nothing: neither time nor, as the host
 * backs them on the first write, memory.
 *
 * Invariant: it alone takes the account of dirty pages. A page that may be written without notice has been in that account.
 */
export class UsedPages {
  readonly #physical: GuestMemory;
  readonly #isUsed: Uint8Array;
  /** Of those: the ones that were written since `settle`. */
  readonly #isChanged: Uint8Array;

  /** @param physical memory that is all zeros but for the pages that it counts as dirty */
  constructor(physical: GuestMemory) {
    this.#physical = physical;
    this.#isUsed = new Uint8Array(physical.sizeBytes / PAGE_BYTES);
    this.#isChanged = new Uint8Array(physical.sizeBytes / PAGE_BYTES);
  }

  /** The pages that are not all zeros, ascending, as views of memory: they hold until the machine runs on. */
  runs(): readonly PageRun[] {
    return this.#runsOf(this.#isUsed, (page) => !isZero(this.#view(page, 1)));
  }

  /** The pages that were written since `settle`, zeros among them, as `runs` gives them. */
  changedRuns(): readonly PageRun[] {
    return this.#runsOf(this.#isChanged, () => true);
  }

  /** The pages that may be other than all zeros, ascending. Nothing is looked at. */
  spans(): readonly PageSpan[] {
    this.#collect();
    const spans: PageSpan[] = [];
    for (let page = this.#isUsed.indexOf(1); page !== -1; page = this.#isUsed.indexOf(1, page)) {
      const first = page;
      while (this.#isUsed[page] === 1) page++;
      spans.push({ first, count: page - first });
    }
    return spans;
  }

  /** From now on changes are counted anew. The hart has to be told: `watchWrites`. */
  settle(): void {
    this.#collect();
    this.#isChanged.fill(0);
  }

  /**
   * Makes these pages, which must be in RAM, and those of a source all that memory holds. The hart has to be told afterwards: what it may
   * write without notice has changed.
   */
  replace(runs: readonly PageRun[], source: PageSource | undefined): void {
    this.#clear();
    this.#physical.replace(source);
    for (const { first, bytes } of runs) this.#writable(first, bytes.length / PAGE_BYTES)?.set(bytes);
    for (const { first, count } of source?.runs ?? []) this.#isUsed.fill(1, first, first + count);
    this.settle();
  }

  /** Makes memory all zeros, and all code that was translated from it forgotten. */
  #clear(): void {
    const spans = this.spans();
    this.#physical.replace(undefined);
    for (const { first, count } of spans) this.#writable(first, count)?.fill(0);
    this.#collect();
    this.#isUsed.fill(0);
  }

  #runsOf(flags: Uint8Array, isWanted: (page: number) => boolean): readonly PageRun[] {
    this.#collect();
    const runs: PageRun[] = [];
    for (let page = flags.indexOf(1); page !== -1; page = flags.indexOf(1, page)) {
      const first = page;
      while (flags[page] === 1 && isWanted(page)) page++;
      if (page === first) page++;
      else runs.push({ first, bytes: this.#view(first, page - first) });
    }
    return runs;
  }

  #collect(): void {
    const firstPage = this.#physical.base / PAGE_BYTES;
    for (const page of this.#physical.takeDirty()) {
      this.#isUsed[page - firstPage] = 1;
      this.#isChanged[page - firstPage] = 1;
    }
  }

  #view(first: number, count: number): Uint8Array {
    const { base } = this.#physical;
    return this.#physical.readable(base + first * PAGE_BYTES, count * PAGE_BYTES) ?? new Uint8Array(0);
  }

  #writable(first: number, count: number): Uint8Array | undefined {
    return this.#physical.writable(this.#physical.base + first * PAGE_BYTES, count * PAGE_BYTES);
  }
}

function isZero({ buffer, byteOffset, length }: Uint8Array): boolean {
  return new Int32Array(buffer, byteOffset, length / 4).every((word) => word === 0);
}
