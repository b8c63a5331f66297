import type { NativeCode } from "../../cache/native-code.ts";

/** Counts how often code was loaded, and how often that went well. */
export class CountedCode implements NativeCode {
  readonly #native: NativeCode;
  loads = 0;
  loaded = 0;

  constructor(counted: NativeCode) {
    this.#native = counted;
  }

  save(...parameters: Parameters<NativeCode["save"]>): ReturnType<NativeCode["save"]> {
    return this.#native.save(...parameters);
  }

  load(...parameters: Parameters<NativeCode["load"]>): ReturnType<NativeCode["load"]> {
    const module = this.#native.load(...parameters);
    this.loads++;
    if (module) this.loaded++;
    return module;
  }

  optimize(...parameters: Parameters<NativeCode["optimize"]>): void {
    this.#native.optimize(...parameters);
  }
}
