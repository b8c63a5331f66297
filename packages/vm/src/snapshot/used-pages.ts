import { type GuestMemory, PAGE_BYTES } from "../memory/physical-memory.ts";

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

  /** @param physical memory that is all zeros but for the pages that it counts as dirty */
  constructor(physical: GuestMemory) {
    this.#physical = physical;
    this.#isUsed = new Uint8Array(physical.sizeBytes / PAGE_BYTES);
  }

  /** The pages that are not all zeros, ascending, as views of memory: they hold until the machine runs on. */
  runs(): readonly PageRun[] {
    this.#collect();
    const runs: PageRun[] = [];
    for (let page = this.#nextUsed(0); page !== -1; page = this.#nextUsed(page)) {
      const first = page;
      while (this.#isUsed[page] === 1 && !isZero(this.#view(page, 1))) page++;
      if (page === first) page++;
      else runs.push({ first, bytes: this.#view(first, page - first) });
    }
    return runs;
  }

  /**
   * Makes these pages, which must be in RAM and ascending, all that memory holds. The hart has to be told afterwards: what it may
   * write without notice has changed.
   */
  replace(runs: readonly PageRun[]): void {
    this.#collect();
    for (const { first, bytes } of runs) this.#isUsed.fill(0, first, first + bytes.length / PAGE_BYTES);
    for (let page = this.#nextUsed(0); page !== -1; page = this.#nextUsed(page + 1)) this.#writable(page, 1)?.fill(0);
    this.#isUsed.fill(0);
    this.#physical.takeDirty();
    for (const { first, bytes } of runs) this.#writable(first, bytes.length / PAGE_BYTES)?.set(bytes);
  }

  #collect(): void {
    const firstPage = this.#physical.base / PAGE_BYTES;
    for (const page of this.#physical.takeDirty()) this.#isUsed[page - firstPage] = 1;
  }

  /** @returns −1 where there is none */
  #nextUsed(from: number): number {
    return this.#isUsed.indexOf(1, from);
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
