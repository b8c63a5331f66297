/** Virtual machines by libvirt: what `../port.ts` says of a driver. */
export type { LibvirtOptions } from "./libvirt-driver.ts";
export { createLibvirtDriver } from "./libvirt-driver.ts";
