/** Machines without isolation: the host itself. */
export type { HostOptions } from "./create-host-driver.ts";
export { createHostDriver } from "./create-host-driver.ts";
