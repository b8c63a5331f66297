/**
 * Indices of the functions that all generated code can call. First the slow side's, imported from TypeScript (HartHelpers, and `decode`
 * and `hot` of the processor); then those around them, which the core module defines and units import from it.
 */
export const HELPER = {
  load: 0,
  atomic: 1,
  store: 2,
  system: 3,
  float: 4,
  fetch: 5,
  decode: 6,
  hot: 7,
  loadReserved: 8,
  translateLoad: 9,
  translateAtomic: 10,
  translateReserved: 11,
  storeSlowly: 12,
  accessRegister: 13,
} as const;

/** How many of them are TypeScript. */
export const HOST_HELPERS = 9;

/** Second argument of `hot` for a unit that asks for a larger one in its place; its first one is the unit's record then. */
export const HOT_UNIT = -1;
