import { setFlagsFromString } from "node:v8";

/** Has V8 compile modules with its quick compiler at once, where they are made, instead of each function when it is called for the first time. */
export function compileEagerly(): void {
  setFlagsFromString("--no-wasm-lazy-compilation");
}
