import type { RegisteredMachine } from "@cloister/core";
import type { MachineId } from "../port.ts";
import type { ManagerContext } from "./context.ts";
import { specOf } from "./machine-files.ts";
import type { MachineView, MachineViewState } from "./port.ts";
import { within } from "./within.ts";

/** A driver that does not tell a machine's state in this time has it `unknown`. */
const STATE_MS = 2000;

/** A machine as people see it, in a state. */
export function viewOf(machine: RegisteredMachine, state: MachineViewState): MachineView {
  const { id, name, driver, image, digest, policy, run, createdAt, snapshots } = machine;
  return {
    id: id as MachineId,
    name,
    driver,
    policy,
    createdAt,
    state,
    snapshots,
    ...(image === undefined ? {} : { image }),
    ...(digest === undefined ? {} : { digest }),
    ...(run === undefined ? {} : { run }),
  };
}

/** A machine with what it is doing now, as its driver says. Never rejects. */
export async function liveView(context: ManagerContext, machine: RegisteredMachine): Promise<MachineView> {
  if (machine.phase !== "there") return viewOf(machine, machine.phase);
  return viewOf(machine, await within(STATE_MS, askState(context, machine), "unknown"));
}

async function askState(context: ManagerContext, machine: RegisteredMachine): Promise<MachineViewState> {
  try {
    const driver = await context.drivers.load(machine.driver);
    return await driver.state(specOf(context, machine));
  } catch {
    return "unknown"; // The view says as much; whoever works with the machine is told why.
  }
}
