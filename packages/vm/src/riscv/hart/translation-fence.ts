import { STATE } from "../../memory/layout.ts";
import type { HartState } from "./hart-state.ts";
import type { LookasideBuffers } from "./lookaside-buffers.ts";
import type { CodePages } from "./port.ts";

/** What a fence reaches. */
export type TranslationFenceOptions = {
  readonly state: HartState;
  readonly buffers: LookasideBuffers;
  readonly code: CodePages;
};

/** Forgets translations: SFENCE.VMA, and what has its effect. */
export class TranslationFence {
  readonly #state: HartState;
  readonly #buffers: LookasideBuffers;
  readonly #code: CodePages;

  constructor({ state, buffers, code }: TranslationFenceOptions) {
    this.#state = state;
    this.#buffers = buffers;
    this.#code = code;
  }

  /** All addresses. */
  all(): void {
    this.#buffers.flushTranslated();
    this.#forgetCode();
  }

  /**
   * One page, with the superpage that it may be in.
   * @param low lower half of an address in it
   * @param high upper half
   * @returns true where code may be mapped otherwise now
   */
  page(low: number, high: number): boolean {
    if (this.#buffers.isInSuperpage(low, high)) {
      this.all();
      return true;
    }
    this.#buffers.dropPage(low, high);
    if (!this.#buffers.wasExecuted(low, high)) return false;
    this.#forgetCode();
    return true;
  }

  #forgetCode(): void {
    this.#state.setInt(STATE.generation, this.#state.int(STATE.generation) + 1);
    this.#buffers.forgetExecuted();
    this.#code.forgetJumps();
  }
}
