import { STATE } from "../../memory/layout.ts";
import { toHost, type AddressSpace } from "./address-space.ts";
import type { HartState } from "./hart-state.ts";
import type { LookasideBuffers } from "./lookaside-buffers.ts";
import { ACCESS, FAULT } from "./privilege.ts";

/** What fetching works with. */
export type FetchUnitOptions = {
  readonly state: HartState;
  readonly space: AddressSpace;
  readonly buffers: LookasideBuffers;
};

/** Length of the shortest instruction. */
const PARCEL_BYTES = 2;

/**
 * Fetches code, from RAM alone. A page that PMP entries split counts as executable where the address asked for is: what runs on from
 * there within the page isn't checked again.
 */
export class FetchUnit {
  readonly #state: HartState;
  readonly #space: AddressSpace;
  readonly #buffers: LookasideBuffers;

  constructor({ state, space, buffers }: FetchUnitOptions) {
    this.#state = state;
    this.#space = space;
    this.#buffers = buffers;
  }

  /** @see HartHelpers.fetch */
  fetch(): number {
    const low = this.#state.int(STATE.pc);
    const high = this.#state.highInt(STATE.pc);
    const page = this.#locate(low, high);
    if (page < 0) return 0;
    this.#space.enterCode(low, high, page);
    return 1;
  }

  /** Reads 16 bits of code at STATE.address. @returns them; −1 after a trap of the instruction at STATE.pc */
  parcel(): number {
    const low = this.#state.int(STATE.address);
    const page = this.#locate(low, this.#state.highInt(STATE.address));
    return page < 0 ? -1 : this.#state.view.getUint16(toHost(page, low), true);
  }

  /**
   * Finds code without running it, for a compiler that follows the guest's code from page to page. From now on a change of the page's
   * mapping counts as a change of code.
   * @param low lower half of the virtual address
   * @param high upper half
   * @returns physical page (address / 4096); −1 where nothing can be executed there
   */
  codePage(low: number, high: number): number {
    const page = this.#space.find(low, high, ACCESS.fetch, PARCEL_BYTES);
    if (page < 0 || !this.#space.isRam(page)) return -1;
    this.#buffers.noteExecuted(low, high);
    return page;
  }

  /** Bits of the instruction of four bytes at STATE.pc, for xtval. @returns 0 where they can't be read any more */
  instruction(): number {
    const low = this.#state.int(STATE.pc);
    const high = this.#state.highInt(STATE.pc);
    const next = (low + PARCEL_BYTES) | 0;
    const nextHigh = next === 0 ? high + 1 : high;
    return this.#peek(low, high) | (this.#peek(next, nextHigh) << 16);
  }

  #peek(low: number, high: number): number {
    const page = this.#space.find(low, high, ACCESS.fetch, PARCEL_BYTES);
    if (page < 0 || !this.#space.isRam(page)) return 0;
    return this.#state.view.getUint16(toHost(page, low), true);
  }

  #locate(low: number, high: number): number {
    const page = this.#space.locate(low, high, ACCESS.fetch, PARCEL_BYTES);
    if (page < 0 || this.#space.isRam(page)) return page;
    return this.#space.raise(FAULT.access, ACCESS.fetch, low, high);
  }
}
