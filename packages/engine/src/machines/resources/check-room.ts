import {
  CloisterError,
  DRIVER_APPETITES,
  type DriverName,
  type HostRoom,
  machineNeed,
  type MachineLimits,
  roomForMachines,
} from "@cloister/core";
import type { HostResources } from "./host-room.ts";

/** A machine, as far as its size is concerned. */
export type SizedMachine = { readonly driver: DriverName; readonly limits: MachineLimits };

/**
 * Makes sure that the host has room for a machine besides those that are there. What is set aside for each is in `DRIVER_APPETITES`; a
 * machine must also be able to use all of its memory while the others rest.
 * @returns warnings, in sentences
 * @throws CloisterError `resources_short`
 */
export function checkRoom(
  machine: SizedMachine,
  { total, free }: HostResources,
  others: readonly SizedMachine[],
): readonly string[] {
  const room = roomForMachines(total);
  const appetite = DRIVER_APPETITES[machine.driver];
  const need = machineNeed(machine.limits, appetite);
  const promised = others.reduce((sum, other) => sum + needOf(other).memoryMib, 0);
  const whole = appetite.memoryShare === 0 ? 0 : machine.limits.memoryMib + appetite.overheadMib;
  if (whole > room.memoryMib) throw short("memory", whole, `${room.memoryMib} MiB for all machines`);
  if (need.memoryMib > room.memoryMib - promised)
    throw short(
      "memory",
      need.memoryMib,
      `${room.memoryMib} MiB for machines, ${promised} MiB of it set aside for ${others.length} others`,
    );
  if (need.memoryMib > free.memoryMib) throw short("memory", need.memoryMib, `${free.memoryMib} MiB free`);
  if (need.diskMib > room.diskMib)
    throw short("disk", need.diskMib, `${room.diskMib} MiB to spare where machines are kept`);
  return warnOfCores(machine, room, others);
}

function needOf({ limits, driver }: SizedMachine): { readonly memoryMib: number } {
  return machineNeed(limits, DRIVER_APPETITES[driver]);
}

function short(what: "memory" | "disk", neededMib: number, has: string): CloisterError {
  return new CloisterError({
    code: "resources_short",
    message: `Expected ${neededMib} MiB of ${what} for the machine, the host has ${has}.`,
    remedy: `Give it less with --${what}, or remove machines: \`cloister machine list\`. \`cloister doctor --plan N\` says how many fit.`,
  });
}

function warnOfCores(machine: SizedMachine, room: HostRoom, others: readonly SizedMachine[]): readonly string[] {
  const here = [...others, machine].filter(({ driver }) => driver !== "ssh");
  const cores = here.reduce((sum, { limits }) => sum + limits.cpus, 0);
  if (cores <= room.cpus || machine.driver === "ssh") return [];
  return [
    `Machines have ${cores} cores together, the host ${room.cpus}: they slow each other down when all are at work.`,
  ];
}
