import { STATE } from "../../memory/layout.ts";
import type { HartState } from "./hart-state.ts";

/** A power of 2: hot code seldom crosses into more pages than a few. */
const SLOTS = 64;

/**
 * The physical pages that instructions were last found to reach into: a place that is found anew each time such an instruction is
 * interpreted. They hold as long as STATE.generation is what it was, for one privilege.
 */
export class ParcelPages {
  readonly #state: HartState;
  readonly #low = new Int32Array(SLOTS);
  readonly #high = new Int32Array(SLOTS);
  readonly #generation = new Int32Array(SLOTS);
  readonly #privilege = new Int32Array(SLOTS).fill(-1);
  readonly #page = new Int32Array(SLOTS);

  constructor(state: HartState) {
    this.#state = state;
  }

  /** @returns physical page (address / 4096) of an address; −1 where it is not known */
  find(low: number, high: number): number {
    const slot = slotOf(low);
    const isKnown =
      this.#low[slot] === low &&
      this.#high[slot] === high &&
      this.#generation[slot] === this.#state.int(STATE.generation) &&
      this.#privilege[slot] === this.#state.int(STATE.privilege);
    return isKnown ? (this.#page[slot] ?? -1) : -1;
  }

  keep(low: number, high: number, page: number): void {
    const slot = slotOf(low);
    this.#low[slot] = low;
    this.#high[slot] = high;
    this.#generation[slot] = this.#state.int(STATE.generation);
    this.#privilege[slot] = this.#state.int(STATE.privilege);
    this.#page[slot] = page;
  }

  /** Forgets all: the state, its generation too, is another one. */
  empty(): void {
    this.#privilege.fill(-1);
  }
}

function slotOf(low: number): number {
  return (low >>> 12) & (SLOTS - 1);
}
