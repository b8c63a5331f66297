/** Machines that are containers of podman or docker. */
export type { ContainerOptions } from "./container-driver.ts";
export { createContainerDriver } from "./container-driver.ts";
