/** Machines that are folders on another host. */
export type { SshOptions } from "./ssh-driver.ts";
export { createSshDriver } from "./ssh-driver.ts";
