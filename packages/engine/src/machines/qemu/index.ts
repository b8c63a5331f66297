/** Virtual machines by QEMU: what `../port.ts` says of a driver. */
export type { QemuOptions } from "./qemu-driver.ts";
export { createQemuDriver } from "./qemu-driver.ts";
