/** Machines that are instances of Lima. */
export type { LimaOptions } from "./lima-driver.ts";
export { createLimaDriver } from "./lima-driver.ts";
