import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { connectGuest } from "../../guest/connect-guest.ts";
import type { GuestConnection } from "../../guest/port.ts";
import type { MachineDriver, MachineId, MachineSpec } from "../../port.ts";

/** A machine for a test, with an id of its own and small limits. Its folders are below `folder`. */
export function machineForTest(folder: string, part: Partial<MachineSpec> = {}): MachineSpec {
  const id = randomBytes(6).toString("hex") as MachineId;
  const own = join(folder, id);
  mkdirSync(own, { mode: 0o700 });
  const limits = { memoryMib: 96, cpus: 1, diskMib: 256, processes: 48 };
  const socketFolder = join(folder, "s", id);
  mkdirSync(socketFolder, { recursive: true, mode: 0o700 });
  return { id, folder: own, socketFolder, limits, mounts: [], env: { CLOISTER_MACHINE: id }, ...part };
}

/** Connects to a machine's guest agent. */
export async function openGuest(driver: MachineDriver, machine: MachineSpec): Promise<GuestConnection> {
  return connectGuest(await driver.connect(machine));
}
