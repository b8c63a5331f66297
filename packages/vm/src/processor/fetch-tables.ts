import { MODE_COUNT, type Mode, TLB, tlbOffset } from "../memory/layout.ts";
import { emptyEntry } from "../memory/look-aside-table.ts";

/** Which decoded pages addresses lead to: the look-aside buffers of fetches, by mode. Decoded pages are known by their offsets. */
export class FetchTables {
  readonly #view: DataView;

  constructor(view: DataView) {
    this.#view = view;
  }

  /** The decoded page at an address, where the table knows it. @param low lower half @param high upper half */
  find(mode: Mode, low: number, high: number): number | undefined {
    const view = this.#view;
    const entry = tlbOffset(mode, TLB.fetch) + ((low >>> 12) & (TLB.entries - 1)) * TLB.entryBytes;
    const isKnown = view.getInt32(entry, true) === (low & ~4095) && view.getInt32(entry + 4, true) === (high | 0);
    return isKnown ? view.getInt32(entry + 8, true) : undefined;
  }

  /** The decoded page that comes after the one at an address. */
  after(mode: Mode, low: number, high: number): number | undefined {
    const next = ((low & ~4095) + 4096) | 0;
    return this.find(mode, next, next === 0 ? high + 1 : high);
  }

  /** The decoded page that comes before the one at an address. */
  before(mode: Mode, low: number, high: number): number | undefined {
    const start = low & ~4095;
    return this.find(mode, (start - 4096) | 0, start === 0 ? high - 1 : high);
  }

  /** The decoded page that comes after another one, somewhere. */
  afterPage(mode: Mode, page: number): number | undefined {
    for (const entry of this.#entriesOf(mode, page)) {
      const next = this.after(mode, this.#view.getInt32(entry, true), this.#view.getInt32(entry + 4, true));
      if (next !== undefined) return next;
    }
    return undefined;
  }

  /** Forgets where a decoded page is. */
  forget(page: number): void {
    for (let mode = 0; mode < MODE_COUNT; mode++)
      for (const entry of this.#entriesOf(mode as Mode, page)) emptyEntry(this.#view, entry);
  }

  *#entriesOf(mode: Mode, page: number): Generator<number> {
    const table = tlbOffset(mode, TLB.fetch);
    for (let entry = table; entry < table + TLB.tableBytes; entry += TLB.entryBytes)
      if (this.#view.getInt32(entry + 8, true) === page) yield entry;
  }
}
