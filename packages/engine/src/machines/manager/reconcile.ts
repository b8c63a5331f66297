import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { CloisterError, type DriverName, type MachineEvent, type RegisteredMachine } from "@cloister/core";
import { makeSocketFolder, type MachinePlaces } from "../places.ts";
import type { MachineState } from "../port.ts";
import { thisProcess } from "../registry/index.ts";
import { claim, ifThere } from "./claim.ts";
import type { ManagerContext } from "./context.ts";
import { removeFolder, specOf } from "./machine-files.ts";
import { isOwnId, newMachineId } from "./names.ts";
import type { ReconcileReport } from "./port.ts";
import { asMachineFailure, finishRemoval } from "./remove-machine.ts";
import { type Findings, settleStale } from "./settle-stale.ts";
import { within } from "./within.ts";

/** A driver that does not answer in this time is reported, and asked again next time. */
const PATIENCE_MS = 30_000;

/** Compares the registry with the host, and mends what differs. See `MachineManager.reconcile`. */
export async function reconcile(context: ManagerContext): Promise<ReconcileReport> {
  const findings = await settleStale(context);
  await Promise.all(context.registry.read().machines.map((machine) => removeWhereLost(context, machine, findings)));
  await Promise.all(context.drivers.names.map((name) => removeOrphans(context, name, findings)));
  removeStrayFolders(context, findings);
  return findings;
}

async function removeWhereLost(context: ManagerContext, machine: RegisteredMachine, findings: Findings): Promise<void> {
  const { id, name, phase, underWay } = machine;
  if (phase !== "there" || underWay !== undefined) return;
  try {
    if ((await stateOf(context, machine)) !== "missing") return;
    const by = thisProcess();
    // Asked again under a claim: it may have been missing for a moment only, while somebody restored it.
    const claimed = await claim(
      context,
      id,
      ifThere(() => [{ type: "machine_changing", id, operation: "start", by }]),
    );
    const isLost = (await stateOf(context, claimed)) === "missing";
    const verdict: MachineEvent = isLost
      ? { type: "machine_removing", id, why: "was lost", by }
      : { type: "machine_changed", id };
    context.registry.write(verdict);
    if (!isLost) return;
    await finishRemoval(context, claimed);
    findings.removed.push(`${name} was lost: nothing of it was left on this host.`);
  } catch (error: unknown) {
    if (CloisterError.isInstance(error) && error.code === "machine_not_found") return; // Removed in the meantime.
    findings.problems.push(`${name}: ${asMachineFailure(error, "its state can't be told").message}`);
  }
}

async function stateOf(context: ManagerContext, machine: RegisteredMachine): Promise<MachineState> {
  const driver = await context.drivers.load(machine.driver);
  const state = await within(PATIENCE_MS, driver.state(specOf(context, machine)), undefined);
  if (state !== undefined) return state;
  throw new Error(`the driver ${driver.name} did not answer within ${PATIENCE_MS / 1000} s`);
}

/** What drivers find of machines that this registry made, and does not know any more. */
async function removeOrphans(context: ManagerContext, name: DriverName, findings: Findings): Promise<void> {
  const { drivers, env } = context;
  try {
    const driver = await drivers.load(name);
    const found = await within(PATIENCE_MS, driver.found({ env }), undefined);
    if (found === undefined) throw new Error(`it did not answer within ${PATIENCE_MS / 1000} s`);
    for (const id of unknownOf(context, found)) {
      await driver.remove(id, { env });
      findings.removed.push(`${id}: what the driver ${name} had left of it was removed.`);
    }
  } catch (error: unknown) {
    if (isNeedless(context, name, error)) return;
    findings.problems.push(`The driver ${name} could not be asked: ${asMachineFailure(error, "it failed").message}`);
  }
}

/** A driver that is not installed, and has no machines, is no problem. */
function isNeedless({ registry }: ManagerContext, name: DriverName, error: unknown): boolean {
  const isMissing = CloisterError.isInstance(error) && error.code === "machine_unavailable";
  return isMissing && !registry.read().machines.some(({ driver }) => driver === name);
}

function removeStrayFolders(context: ManagerContext, findings: Findings): void {
  for (const parent of [context.places.machines, socketFolders(context.places)]) {
    for (const id of unknownOf(context, readdirSync(parent))) {
      try {
        removeFolder(join(parent, id));
        findings.removed.push(`${id}: its folder in ${parent} was removed.`);
      } catch (error: unknown) {
        findings.problems.push(asMachineFailure(error, `The folder of ${id} could not be removed`).message);
      }
    }
  }
}

/**
 * Ids that this registry made and does not know. They are to be looked for before the registry is read: it knows of a machine before
 * there is anything of it.
 */
function unknownOf({ registry, places }: ManagerContext, found: readonly string[]): readonly string[] {
  const known = new Set(registry.read().machines.map(({ id }) => id));
  return [...new Set(found)].filter((id) => isOwnId(id, places) && !known.has(id));
}

function socketFolders(places: MachinePlaces): string {
  const folder = makeSocketFolder(newMachineId(places));
  removeFolder(folder);
  return dirname(folder);
}
