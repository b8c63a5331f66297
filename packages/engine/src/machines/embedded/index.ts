/** Virtual machines by Cloister's own engine: what `../port.ts` says of a driver. */
export type { EmbeddedOptions } from "./embedded-driver.ts";
export { createEmbeddedDriver } from "./embedded-driver.ts";
