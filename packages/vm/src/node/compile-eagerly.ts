import { setFlagsFromString } from "node:v8";

/** Has V8 compile modules with its quick compiler at once, where they are made. */
export function compileEagerly(): void {
  setFlagsFromString("--no-wasm-lazy-compilation");
}

/** Has V8 compile each function of a module when it is called for the first time, which is its way where nobody says otherwise. */
export function compileLazily(): void {
  setFlagsFromString("--wasm-lazy-compilation");
}
