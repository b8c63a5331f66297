import type { MachineSpec } from "../port.ts";
import { dropUnused } from "./layers.ts";
import { recallMade, remember } from "./record.ts";

/** Forgets a snapshot, and removes what it alone needed. */
export function forgetSnapshot(machine: MachineSpec, name: string): void {
  const record = recallMade(machine);
  const { [name]: _, ...snapshots } = record.snapshots;
  remember(machine.folder, { ...record, snapshots });
  dropUnused(machine.folder, { ...record, snapshots });
}
