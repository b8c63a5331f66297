import {
  CloisterError,
  findStaleMachines,
  type MachineEvent,
  type ProcessName,
  type RegisteredMachine,
  type StaleMachine,
} from "@cloister/core";
import { isSameProcess, thisProcess } from "../registry/index.ts";
import type { ManagerContext } from "./context.ts";
import { specOf } from "./machine-files.ts";
import { asMachineFailure, finishRemoval, removeMachine } from "./remove-machine.ts";
import { holdDeserted } from "./seats.ts";

/** What became of what was found. Each a sentence. */
export type Findings = { readonly adopted: string[]; readonly removed: string[]; readonly problems: string[] };

/**
 * Sees to machines at which a process was that is gone: removes what was half made or half removed, or belongs to a run that is over, and
 * puts right what was left in the middle of an operation. Costs nothing where there is nothing of the kind.
 */
export async function settleStale(context: ManagerContext): Promise<Findings> {
  const findings: Findings = { adopted: [], removed: [], problems: [] };
  const stale = findStaleMachines(context.registry.read(), isSameProcess);
  await Promise.all(stale.map((one) => settle(context, one, findings)));
  await removeDeserted(context, findings);
  return findings;
}

/** Machines that runs shared, and of whose runs no process is left to remove them. */
async function removeDeserted(context: ManagerContext, findings: Findings): Promise<void> {
  const { registry, places } = context;
  for (const { id, name, phase, underWay } of registry.read().machines) {
    if (phase !== "there" || underWay !== undefined) continue;
    using door = holdDeserted(places, { id, name });
    if (door === undefined) continue;
    try {
      await removeMachine(context, id);
      findings.removed.push(`${name} was shared by runs whose processes are gone: removed.`);
    } catch (error: unknown) {
      if (CloisterError.isInstance(error) && error.code === "machine_not_found") continue; // Somebody was faster.
      findings.problems.push(asMachineFailure(error, `${name} could not be removed`).message);
    }
  }
}

async function settle(context: ManagerContext, found: StaleMachine, findings: Findings): Promise<void> {
  const { id, name } = found.machine;
  const stale = claimStale(context, id);
  if (stale === undefined) return; // Another process was faster.
  const { machine, remedy, why } = stale;
  try {
    await (remedy === "remove" ? finishRemoval(context, machine) : undoSnapshot(context, machine));
    if (remedy === "remove") findings.removed.push(`${name} ${why}: removed.`);
    else findings.adopted.push(`${name} ${why}: it is there.`);
  } catch (error: unknown) {
    findings.problems.push(`${name} ${why}. ${asMachineFailure(error, "It can't be mended").describe()}`);
  }
}

/** Takes a stale machine over, unless somebody else has. */
function claimStale({ registry }: ManagerContext, id: string): StaleMachine | undefined {
  const by = thisProcess();
  return registry.decide((state) => {
    const value = findStaleMachines(state, isSameProcess).find(({ machine }) => machine.id === id);
    return { events: value === undefined ? [] : [takeOver(value, by)], value };
  });
}

function takeOver({ machine: { id, underWay }, remedy, why }: StaleMachine, by: ProcessName): MachineEvent {
  if (remedy === "remove") return { type: "machine_removing", id, why, by };
  const snapshot = underWay?.snapshot;
  // Starting, stopping and pausing can be done again by whoever wants it: what the machine does now is its state.
  return snapshot === undefined ? { type: "machine_changed", id } : { type: "snapshot_removing", id, snapshot, by };
}

/** A snapshot that nobody saw to its end may be half of one: it goes. */
async function undoSnapshot(context: ManagerContext, machine: RegisteredMachine): Promise<void> {
  const snapshot = machine.underWay?.snapshot;
  if (snapshot === undefined) return;
  await removeSnapshotFiles(context, machine, snapshot);
}

/**
 * Removes a snapshot whose removal is in the registry.
 * @throws CloisterError `machine_failed`; the machine is free again then.
 */
export async function removeSnapshotFiles(
  context: ManagerContext,
  machine: RegisteredMachine,
  snapshot: string,
): Promise<void> {
  const { id } = machine;
  try {
    const driver = await context.drivers.load(machine.driver);
    await driver.removeSnapshot?.(specOf(context, machine), snapshot);
  } catch (error: unknown) {
    context.registry.write({ type: "machine_changed", id });
    throw asMachineFailure(error, `Snapshot ${snapshot} could not be removed`);
  }
  context.registry.write({ type: "snapshot_removed", id, snapshot });
}
