/**
 * Keeps the machine code that a host's WebAssembly compiler makes of units, where the host can. Such code is run as it is, unlike
 * WebAssembly, which is checked first: what this user did not write is to be refused.
 */
export interface NativeCode {
  /**
   * Takes down what a module was compiled to so far.
   * @param bodies of its units, in order; none: it is the core module
   * @returns undefined where that is nothing yet, or can't be had
   */
  save(module: WebAssembly.Module, bodies: readonly Uint8Array[]): Uint8Array<ArrayBuffer> | undefined;
  /**
   * Makes a module of what `save` gave.
   * @param code may be anything @param bodies of its units, in order
   * @returns undefined where this user did not save it, for these bodies; or another version of the compiler did, or for another processor
   */
  load(code: Uint8Array<ArrayBuffer>, bodies: readonly Uint8Array[]): WebAssembly.Module | undefined;
  /**
   * Has the host's best compiler work on functions that it has not got to, as it else works on those alone that run long: what is saved
   * next has them. One after the other, in the caller's time.
   * @param functions exports of modules @param milliseconds how long, about
   */
  optimize(functions: readonly unknown[], milliseconds: number): void;
}
