import { setFlagsFromString } from "node:v8";

/** Has V8 compile modules with its quick compiler at once, where they are made. */
export function compileEagerly(): void {
  setFlagsFromString("--no-wasm-lazy-compilation");
  setForUnits();
}

/** Has V8 compile each function of a module when it is called for the first time, which is its way where nobody says otherwise. */
export function compileLazily(): void {
  setFlagsFromString("--wasm-lazy-compilation");
  setForUnits();
}

/**
 * What V8 does otherwise is made for programs, of which most never gets hot. What is in a unit is hot already: it is optimized after 1 million
 * bytes of it, about, were run, not 13 million; its loops are seldom such that unrolling them pays for itself. `--no-wasm-inlining` would be as
 * true, but V8 crashes where that changes while there is code that was made otherwise.
 */
const FLAGS_FOR_UNITS = [
  "--wasm-tiering-budget=1000000",
  "--no-wasm-loop-peeling",
  "--no-wasm-loop-unrolling",
] as const;

/** Set with the others: V8 takes code that was kept only where all flags are as they were. */
function setForUnits(): void {
  for (const flag of FLAGS_FOR_UNITS) setFlagsFromString(flag);
}
