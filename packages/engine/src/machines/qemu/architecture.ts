import { CloisterError } from "@cloister/core";

/** How QEMU makes a machine of one architecture. */
export type Architecture = {
  /** The program. */
  readonly program: string;
  /** What Node calls a host of the same architecture. */
  readonly host: string;
  /** QEMU's machine type, with what is switched off of it. */
  readonly machine: string;
  /** The processor where it is emulated: a name, since what it can do must not change with the host. */
  readonly cpu: string;
  /** The kernel's name of the console. */
  readonly console: string;
  /** Devices that this machine type alone has. */
  readonly devices: readonly string[];
  /** The most processors that work where they are emulated; all where left out. */
  readonly mostEmulated?: number;
};

/** By Debian's word for the architecture. */
const ARCHITECTURES: Readonly<Record<string, Architecture>> = {
  amd64: {
    program: "qemu-system-x86_64",
    host: "x64",
    machine: "q35,vmport=off,smbus=off,sata=off,usb=off,hpet=off",
    cpu: "Nehalem",
    console: "ttyS0",
    // Tells a clone's kernel that it is one: it takes new randomness from its host.
    devices: ["vmgenid,guid=auto"],
  },
  arm64: {
    program: "qemu-system-aarch64",
    host: "arm64",
    machine: "virt",
    cpu: "cortex-a72",
    console: "ttyAMA0",
    devices: [],
  },
  riscv64: {
    program: "qemu-system-riscv64",
    host: "riscv64",
    machine: "virt",
    cpu: "rv64",
    console: "ttyS0",
    devices: [],
    // With two, QEMU 7.2 on a busy host hung in one of some 200 boots, both of them trapping for ever: docs/machines-qemu.md.
    mostEmulated: 1,
  },
};

/** How machines of an architecture are made. @throws CloisterError `machine_unsupported` */
export function architectureOf(name: string): Architecture {
  const found = ARCHITECTURES[name];
  if (found !== undefined) return found;
  throw new CloisterError({
    code: "machine_unsupported",
    message: `Expected an image for ${Object.keys(ARCHITECTURES).join(", ")}, got one for ${name}.`,
  });
}

/** The architecture of this host, by Debian's word. */
export function hostArchitecture(): string {
  return Object.keys(ARCHITECTURES).find((name) => ARCHITECTURES[name]?.host === process.arch) ?? "amd64";
}
