/** Names of the machine drivers, from the least isolation to the most. */
export const DRIVER_NAMES = ["host", "ssh", "sandbox", "container", "embedded", "lima", "libvirt", "qemu"] as const;

/** One way to make a machine. */
export type DriverName = (typeof DRIVER_NAMES)[number];

/** What runs the processor of a machine: the host's own (`native`), hardware virtualization, or software emulation (`tcg`). */
export type Acceleration = "native" | "kvm" | "hvf" | "tcg";

/** What stands between a machine and the host. `remote`: another host, which is as isolated as its owner made it. */
export type Isolation = "none" | "remote" | "process" | "container" | "virtual_machine";
