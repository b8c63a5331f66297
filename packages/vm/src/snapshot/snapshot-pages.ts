import type { PageSource, PageSpan } from "../memory/absent-pages.ts";
import { PAGE_BYTES } from "../memory/page.ts";
import { invalidSnapshot } from "./format.ts";
import type { StoredSection } from "./stored-section.ts";
import type { PageRun } from "./used-pages.ts";
import { RUN_BYTES } from "./write-snapshot.ts";

/** The memory of one snapshot, which others may be laid over. */
export type MemoryLayer = {
  /** Which pages it has, in the order in which they are stored. */
  readonly spans: readonly PageSpan[];
  readonly section: StoredSection;
};

/**
 * Reads which pages a snapshot has.
 * @param pageCount of memory
 * @throws VmError `snapshot_invalid` where spans are empty, overlap, descend, or leave memory
 */
export function readSpans(packed: Uint8Array, pageCount: number): readonly PageSpan[] {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length);
  if (packed.length % RUN_BYTES !== 0) throw invalidSnapshot("has half an entry in its list of pages");
  let next = 0;
  return Array.from({ length: packed.length / RUN_BYTES }, (_, index) => {
    const first = view.getUint32(index * RUN_BYTES, true);
    const count = view.getUint32(index * RUN_BYTES + 4, true);
    if (first < next || count === 0 || first + count > pageCount) throw invalidSnapshot("has pages outside of memory");
    next = first + count;
    return { first, count };
  });
}

/** Cuts spans where the blocks that hold them end. @param blocks the content of the section */
export function* unpackSpans(
  { spans, section: { blockBytes } }: MemoryLayer,
  blocks: readonly Uint8Array[],
): Generator<PageRun> {
  let position = 0;
  for (const { first, count } of spans) {
    for (let done = 0; done < count;) {
      const within = position % blockBytes;
      const taken = Math.min(count - done, (blockBytes - within) / PAGE_BYTES);
      const block = blocks[Math.floor(position / blockBytes)] ?? new Uint8Array(0);
      yield { first: first + done, bytes: block.subarray(within, within + taken * PAGE_BYTES) };
      done += taken;
      position += taken * PAGE_BYTES;
    }
  }
}

/** The pages of a snapshot that is not compressed, read block by block when they are needed. */
export class StoredPages implements PageSource {
  readonly runs: readonly PageSpan[];
  readonly #section: StoredSection;
  /** By place in the section, and by page the place plus 1. */
  readonly #pages: Uint32Array;
  readonly #places: Uint32Array;

  /** @param layer which is plain @param isHidden tells of pages that another layer has, over this one */
  constructor({ spans, section }: MemoryLayer, pageCount: number, isHidden: (page: number) => boolean) {
    this.#section = section;
    this.#pages = new Uint32Array(section.length / PAGE_BYTES);
    this.#places = new Uint32Array(pageCount);
    let place = 0;
    for (const { first, count } of spans)
      for (let page = first; page < first + count; page++) {
        this.#pages[place++] = page;
        if (!isHidden(page)) this.#places[page] = place;
      }
    this.runs = [...toSpans((page) => this.#places[page] !== 0, pageCount)];
  }

  supply(page: number, put: (page: number, bytes: Uint8Array) => void): void {
    const place = (this.#places[page] ?? 0) - 1;
    if (place < 0) return;
    const perBlock = this.#section.blockBytes / PAGE_BYTES;
    const block = Math.floor(place / perBlock);
    const bytes = this.#section.block(block);
    for (let at = 0; at < bytes.length; at += PAGE_BYTES) {
      const other = this.#pages[block * perBlock + at / PAGE_BYTES] ?? 0;
      if (this.#places[other] !== 0) put(other, bytes.subarray(at, at + PAGE_BYTES));
    }
  }

  open(): void {
    // The file loses no page.
  }

  close(): void {
    this.#section.close();
  }
}

/** Sources whose pages are different ones, as one. */
export function joinSources(sources: readonly PageSource[]): PageSource {
  return {
    runs: sources.flatMap(({ runs }) => runs),
    supply: (page, put) => sources.forEach((source) => source.supply(page, put)),
    open: (take) => sources.forEach((source) => source.open(take)),
    close: () => sources.forEach((source) => source.close()),
  };
}

function* toSpans(has: (page: number) => boolean, pageCount: number): Generator<PageSpan> {
  for (let page = 0; page < pageCount; page++) {
    const first = page;
    while (page < pageCount && has(page)) page++;
    if (page > first) yield { first, count: page - first };
  }
}
