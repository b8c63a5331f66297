import type { DecodedPages } from "../interpreter/decoded-pages.ts";
import { RAM_BASE, RAM_OFFSET } from "../memory/layout.ts";
import { PAGE_BYTES } from "../memory/page.ts";

/** The guest's bytes: around physical addresses, and those that decoded pages were decoded from, which are known by their offsets. */
export class GuestPages {
  readonly #ram: Uint8Array;
  readonly #pages: Pick<DecodedPages, "addressOf">;

  constructor(memory: WebAssembly.Memory, pages: Pick<DecodedPages, "addressOf">) {
    this.#ram = new Uint8Array(memory.buffer, RAM_OFFSET);
    this.#pages = pages;
  }

  /** The page around a physical address. */
  around(address: number): Uint8Array {
    const start = Math.floor((address - RAM_BASE) / PAGE_BYTES) * PAGE_BYTES;
    return this.#ram.subarray(start, start + PAGE_BYTES);
  }

  /** Physical address of a decoded page. Undefined where it is none any more. */
  addressOf(page: number | undefined): number | undefined {
    return page === undefined ? undefined : this.#pages.addressOf(page);
  }

  /** The bytes of a decoded page. */
  of(page: number | undefined): Uint8Array | undefined {
    const address = this.addressOf(page);
    return address === undefined ? undefined : this.around(address);
  }
}
