/** What a host's WebAssembly compiler made of a module of units, as bytes. */
export type NativeModule = {
  readonly code: Uint8Array<ArrayBuffer>;
  /** The units' function bodies, in the module's order: the module is made of them anew. */
  readonly bodies: readonly Uint8Array[];
};

/**
 * Keeps the machine code that a host's WebAssembly compiler makes of units, where the host can. Such bytes are run as they are, unlike
 * WebAssembly, which is checked first: whoever loads them has to know by their seal that this user wrote them.
 */
export interface NativeCode {
  /** Takes down what each module was compiled to so far. Undefined for one that can't be taken down. */
  save(modules: readonly WebAssembly.Module[]): readonly (Uint8Array<ArrayBuffer> | undefined)[];
  /** Makes modules of what `save` gave. Undefined for one that another version of the compiler made, or for another processor. */
  load(modules: readonly NativeModule[]): readonly (WebAssembly.Module | undefined)[];
  /** What only this user's programs can tell of bytes. @returns SEAL_BYTES bytes */
  seal(bytes: Uint8Array): Uint8Array;
}

/** Bytes of a seal. */
export const SEAL_BYTES = 32;
