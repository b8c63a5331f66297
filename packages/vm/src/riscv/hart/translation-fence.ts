import { MODE, type Mode, STATE } from "../../memory/layout.ts";
import type { HartState } from "./hart-state.ts";
import type { LookasideBuffers } from "./lookaside-buffers.ts";
import type { CodePages } from "./port.ts";

const TRANSLATED: readonly Mode[] = Object.values(MODE).filter((mode) => mode !== MODE.machine);

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

  /** All addresses that are not mapped in each address space: this one is another now, or has changed. */
  space(): void {
    this.#state.setInt(STATE.generation, this.#state.int(STATE.generation) + 1);
    for (const mode of TRANSLATED) if (this.#buffers.hasLocalCode(mode)) this.#code.forgetJumps(mode);
    this.#buffers.flushLocal();
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
