/** What making, cloning and forking have in common: from the intent to the result, and back where it fails. */
import {
  type MachineCharter,
  type MachineEvent,
  type MachineRegistry,
  type RegisteredMachine,
  evolveRegistry,
} from "@cloister/core";
import type { MachineDriver, MachineSpec } from "../port.ts";
import { thisProcess } from "../registry/index.ts";
import { checkRoom, readHostResources, type SizedMachine } from "../resources/index.ts";
import type { ManagerContext } from "./context.ts";
import { makeMachineFolder, specOf } from "./machine-files.ts";
import { chooseName, findMachine, newMachineId } from "./names.ts";
import { asMachineFailure, finishRemoval } from "./remove-machine.ts";

/** A machine to make, before it has an id; without a name it gets one that is free. */
export type MachineOrder = Omit<MachineCharter, "id" | "name"> & { readonly name?: string };

/** The intents of making machines, and what a person should know of them. */
export type MakingPlan = {
  readonly ids: readonly string[];
  readonly events: readonly MachineEvent[];
  readonly warnings: readonly string[];
};

/**
 * Gives each order id and name, and makes sure that there is room for all of them.
 * @throws CloisterError `usage_invalid` for a name that is none or taken, `resources_short`
 */
export function planMachines(
  { places }: ManagerContext,
  registry: MachineRegistry,
  orders: readonly MachineOrder[],
): MakingPlan {
  const host = readHostResources(places.machines);
  const by = thisProcess();
  let state = registry;
  const ids: string[] = [];
  const events: MachineEvent[] = [];
  const warnings = new Set<string>();
  for (const order of orders) {
    const machine = { ...order, id: newMachineId(places), name: chooseName(state, order.name, order.driver) };
    for (const warning of checkRoom(sizeOf(machine), host, state.machines.map(sizeOf))) warnings.add(warning);
    const event: MachineEvent = { type: "machine_creating", machine, by };
    state = evolveRegistry(state, event, 0);
    events.push(event);
    ids.push(machine.id);
  }
  return { ids, events, warnings: [...warnings] };
}

function sizeOf({ driver, policy }: MachineCharter): SizedMachine {
  return { driver, limits: policy.limits };
}

/**
 * Makes machines whose intent is in the registry. Where that fails, nothing of them is left.
 * @param act makes all of them
 * @throws CloisterError of what failed
 */
export async function makeMachines(
  context: ManagerContext,
  driver: MachineDriver,
  {
    ids,
    warnings,
    act,
  }: Omit<MakingPlan, "events"> & { readonly act: (specs: readonly MachineSpec[]) => Promise<void> },
): Promise<readonly RegisteredMachine[]> {
  for (const warning of warnings) context.warn(warning);
  const machines = ids.map((id) => findMachine(context.registry.read(), id));
  try {
    for (const id of ids) makeMachineFolder(context.places, id);
    const specs = machines.map((machine) => specOf(context, machine));
    await act(specs);
    await Promise.all(machines.map((machine, index) => furnish(context, driver, machine, specs[index])));
    context.registry.write(
      ...specs.map(({ id, socketFolder }) => ({ type: "machine_created", id, socketFolder }) as const),
    );
    return ids.map((id) => findMachine(context.registry.read(), id));
  } catch (error: unknown) {
    const failure = asMachineFailure(error, "The machine could not be made");
    await Promise.all(machines.map((machine) => abandon(context, machine, failure.message)));
    throw failure;
  }
}

/** A machine with a kernel of its own has a clock and an identity of its own. Credentials are copied into whatever the user wants. */
async function furnish(
  context: ManagerContext,
  driver: MachineDriver,
  machine: RegisteredMachine,
  spec: MachineSpec | undefined,
): Promise<void> {
  const isVirtual = driver.isolation === "virtual_machine";
  // A copy has them on its disk, and the host itself is where they come from.
  const copyCredentials = machine.policy.copyCredentials && machine.source === undefined && driver.isolation !== "none";
  if (spec === undefined || (!isVirtual && !copyCredentials)) return;
  const { furnishGuest } = await import("./furnish-guest.ts");
  await furnishGuest(context, { driver, machine, spec }, { identity: isVirtual, copyCredentials });
}

/** Removes what was half made. What can't be removed now, the next reconciliation removes. */
async function abandon(context: ManagerContext, machine: RegisteredMachine, reason: string): Promise<void> {
  const { id, name } = machine;
  context.registry.write({
    type: "machine_removing",
    id,
    why: `could not be made: ${reason.slice(0, 500)}`,
    by: thisProcess(),
  });
  try {
    await finishRemoval(context, machine);
  } catch (error: unknown) {
    context.warn(
      `What there is of ${name} is left for \`cloister machine prune\`: ${asMachineFailure(error, "it stays").message}`,
    );
  }
}
