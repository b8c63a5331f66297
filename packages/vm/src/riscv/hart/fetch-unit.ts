import { STATE } from "../../memory/layout.ts";
import { toHost, type AddressSpace } from "./address-space.ts";
import type { HartState } from "./hart-state.ts";
import { ParcelPages } from "./parcel-pages.ts";
import { ACCESS, FAULT } from "./privilege.ts";

/** What fetching works with. */
export type FetchUnitOptions = {
  readonly state: HartState;
  readonly space: AddressSpace;
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
  readonly #parcels: ParcelPages;

  constructor({ state, space }: FetchUnitOptions) {
    this.#state = state;
    this.#space = space;
    this.#parcels = new ParcelPages(state);
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
    const high = this.#state.highInt(STATE.address);
    const known = this.#parcels.find(low, high);
    const page = known < 0 ? this.#locateParcel(low, high) : known;
    return page < 0 ? -1 : this.#state.view.getUint16(toHost(page, low), true);
  }

  #locateParcel(low: number, high: number): number {
    const page = this.#locate(low, high);
    if (page < 0) return page;
    this.#space.noteExecuted(low, high);
    this.#parcels.keep(low, high, page);
    return page;
  }

  /** The state is another one, of which nothing is known. */
  stateRestored(): void {
    this.#parcels.empty();
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
