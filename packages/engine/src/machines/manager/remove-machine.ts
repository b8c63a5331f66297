import { CloisterError, type RegisteredMachine } from "@cloister/core";
import { thisProcess } from "../registry/index.ts";
import { claim } from "./claim.ts";
import type { ManagerContext } from "./context.ts";
import { removeMachineFolders, specOf } from "./machine-files.ts";

/** Removes a machine with everything of it. */
export async function removeMachine(context: ManagerContext, name: string): Promise<void> {
  const by = thisProcess();
  const machine = await claim(context, name, ({ id }) => [{ type: "machine_removing", id, why: "asked", by }]);
  await finishRemoval(context, machine);
}

/**
 * Removes what there is of a machine whose removal is in the registry. Where that fails, the registry says so, and it can be tried again.
 * @throws CloisterError `machine_failed`
 */
export async function finishRemoval(context: ManagerContext, machine: RegisteredMachine): Promise<void> {
  const { id, name } = machine;
  try {
    const spec = specOf(context, machine);
    const driver = await context.drivers.load(machine.driver);
    await driver.destroy(spec);
    removeMachineFolders(spec);
  } catch (error: unknown) {
    context.registry.write({ type: "machine_changed", id });
    throw asMachineFailure(error, `Machine ${name} could not be removed`);
  }
  context.registry.write({ type: "machine_removed", id });
}

/** What went wrong, as an error that a person can act upon. */
export function asMachineFailure(error: unknown, what: string): CloisterError {
  if (CloisterError.isInstance(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new CloisterError({ code: "machine_failed", message: `${what}: ${message.slice(0, 2000)}`, cause: error });
}
