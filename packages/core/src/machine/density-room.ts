/**
 * What machines take of a host. A machine is reckoned with what its driver takes for itself and a share of its limits: agents seldom use all
 * of them at the same time. Whoever wants no overcommitment gives shares of 1.
 */
import type { DriverName } from "./driver.ts";
import type { MachineLimits } from "./policy.ts";

/** What a host has, or what is left of it. */
export type HostRoom = { readonly memoryMib: number; readonly cpus: number; readonly diskMib: number };

/** What a driver's machines take of the host. */
export type DriverAppetite = {
  /** Memory besides that of the machine's own programs, in MiB. */
  readonly overheadMib: number;
  /** How much of the memory limit is set aside: 0 to 1. */
  readonly memoryShare: number;
  /** How much of the disk limit is set aside: 0 to 1. */
  readonly diskShare: number;
};

// A virtual machine keeps what it has touched, its page cache among it: more of its memory is set aside than of processes, whose cache
// is the host's. The overhead of QEMU is what an idle clone was measured with under emulation.
const VIRTUAL: DriverAppetite = { overheadMib: 96, memoryShare: 2 / 3, diskShare: 1 / 4 };
const PROCESSES: DriverAppetite = { overheadMib: 16, memoryShare: 1 / 2, diskShare: 1 / 4 };

/** What machines of each driver take. Those of `ssh` live on another host. */
export const DRIVER_APPETITES: Readonly<Record<DriverName, DriverAppetite>> = {
  host: PROCESSES,
  ssh: { overheadMib: 16, memoryShare: 0, diskShare: 0 },
  sandbox: PROCESSES,
  container: { ...PROCESSES, overheadMib: 32 },
  embedded: { ...VIRTUAL, overheadMib: 512 },
  lima: { ...VIRTUAL, overheadMib: 192 },
  libvirt: VIRTUAL,
  qemu: VIRTUAL,
};

/** What is left to the host itself. */
const RESERVE = { memoryMib: 1024, memoryShare: 0.1, diskMib: 2048 };

/** What machines may use of a host altogether: all but what the host needs itself. */
export function roomForMachines({ memoryMib, cpus, diskMib }: HostRoom): HostRoom {
  const reserve = Math.max(RESERVE.memoryMib, memoryMib * RESERVE.memoryShare);
  return {
    memoryMib: Math.max(0, Math.floor(memoryMib - reserve)),
    cpus,
    diskMib: Math.max(0, Math.floor(diskMib - RESERVE.diskMib)),
  };
}

/** What is set aside for a machine, in MiB. */
export function machineNeed(
  { memoryMib, diskMib }: MachineLimits,
  { overheadMib, memoryShare, diskShare }: DriverAppetite,
): { readonly memoryMib: number; readonly diskMib: number } {
  return {
    memoryMib: overheadMib + roundUp(memoryMib * memoryShare),
    diskMib: roundUp(diskMib * diskShare),
  };
}

/** To whole MiB: two thirds of 2976 are 1984, although they come out a little more. */
function roundUp(mib: number): number {
  return Math.ceil(mib - 1e-6);
}
