import { setFlagsFromString } from "node:v8";

/** Has V8 compile modules with its quick compiler at once, where they are made. */
export function compileEagerly(): void {
  setFlagsFromString("--no-wasm-lazy-compilation");
  optimizeSoon();
}

/** Has V8 compile each function of a module when it is called for the first time, which is its way where nobody says otherwise. */
export function compileLazily(): void {
  setFlagsFromString("--wasm-lazy-compilation");
  optimizeSoon();
}

/**
 * How much of a function V8 runs as its quick compiler made it, in bytes of WebAssembly, about, until it optimizes it. Its own 13 million are for
 * modules of which most never gets hot: what is in a unit is hot already.
 */
const BUDGET_BYTES = 1_000_000;

/** Set with the others: V8 takes code that was kept only where all flags are as they were. */
function optimizeSoon(): void {
  setFlagsFromString(`--wasm-tiering-budget=${BUDGET_BYTES}`);
}
