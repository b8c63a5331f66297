import { STATE } from "../../memory/layout.ts";
import type { HartState } from "./hart-state.ts";

/** Bits of mcountinhibit, with the offset of what is added to the count, or of the count itself while it is held. */
const COUNTERS = [
  { bit: 1, offset: STATE.cycleOffset },
  { bit: 4, offset: STATE.instretOffset },
] as const;

const HALF = 0x1_0000_0000;

/** One of the fields that a counter's distance from what was retired is in. */
export type CounterOffset = typeof STATE.cycleOffset | typeof STATE.instretOffset;

/** mcycle and minstret. A cycle is an instruction (Privileged Architecture 1.12, sections 3.1.10, 3.1.12). */
export class Counters {
  /** Of the last reading. */
  low = 0;
  high = 0;
  readonly #state: HartState;

  constructor(state: HartState) {
    this.#state = state;
  }

  /** Reads a counter into `low` and `high`. */
  read(offset: CounterOffset): void {
    this.#set(this.#state.low(offset), this.#state.high(offset));
    if (!this.#isHeld(offset)) this.#add(1);
  }

  /** What the guest writes is what it reads from now on. */
  write(offset: CounterOffset, low: number, high: number): void {
    this.#set(low, high);
    if (!this.#isHeld(offset)) this.#add(-1);
    this.#state.set(offset, this.low, this.high);
  }

  /** Holds counters and lets them go. @param inhibited the new mcountinhibit */
  inhibit(inhibited: number): void {
    const before = this.#state.int(STATE.mcountinhibit);
    for (const { bit, offset } of COUNTERS) {
      if (((before ^ inhibited) & bit) === 0) continue;
      this.#set(this.#state.low(offset), this.#state.high(offset));
      this.#add((inhibited & bit) === 0 ? -1 : 1);
      this.#state.set(offset, this.low, this.high);
    }
    this.#state.setInt(STATE.mcountinhibit, inhibited);
  }

  #isHeld(offset: CounterOffset): boolean {
    const held = COUNTERS.find((counter) => counter.offset === offset)?.bit ?? 0;
    return (this.#state.int(STATE.mcountinhibit) & held) !== 0;
  }

  /** Adds (or takes away) what was retired since power-on. */
  #add(sign: 1 | -1): void {
    const state = this.#state;
    const slice = state.int(STATE.slice) - state.int(STATE.budget);
    const low = this.low + sign * (state.low(STATE.instret) + slice);
    this.#set(low, this.high + sign * state.high(STATE.instret) + Math.floor(low / HALF));
  }

  #set(low: number, high: number): void {
    this.low = low >>> 0;
    this.high = high >>> 0;
  }
}
