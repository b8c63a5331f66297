/** Operations on a machine that is there: each claims it, and says in the registry when it has ended. */
import type { MachineOperation, RegisteredMachine } from "@cloister/core";
import type { MachineDriver, MachineSpec, MachineState, OptionalOperation, SnapshotKind } from "../port.ts";
import { thisProcess } from "../registry/index.ts";
import { claim, ifThere } from "./claim.ts";
import type { ManagerContext } from "./context.ts";
import { checkSupported } from "./drivers.ts";
import { specOf } from "./machine-files.ts";
import { checkHasSnapshot, checkSnapshotName, findMachine } from "./names.ts";
import type { SnapshotView } from "./port.ts";
import { asMachineFailure } from "./remove-machine.ts";
import { removeSnapshotFiles, settleStale } from "./settle-stale.ts";

/** A machine that is worked on. */
export type Workpiece = {
  readonly driver: MachineDriver;
  readonly machine: RegisteredMachine;
  readonly spec: MachineSpec;
};

type Change = {
  readonly operation: MachineOperation;
  /** What the driver must be able to do. */
  readonly needs?: OptionalOperation;
  /** Nothing is done where the machine is in this state already. */
  readonly until?: MachineState;
  readonly check?: (machine: RegisteredMachine) => void;
  readonly act: (workpiece: Workpiece) => Promise<void> | undefined;
};

/** Starts a stopped machine. */
export function startMachine(context: ManagerContext, name: string): Promise<void> {
  const act = async (workpiece: Workpiece): Promise<void> => {
    await workpiece.driver.start(workpiece.spec);
    await setClock(context, workpiece);
  };
  return change(context, name, { operation: "start", until: "running", act });
}

/** Ends a machine's processes; its disk stays. */
export function stopMachine(context: ManagerContext, name: string): Promise<void> {
  return change(context, name, { operation: "stop", until: "stopped", act: ({ driver, spec }) => driver.stop(spec) });
}

/** Makes a machine stand still. */
export function pauseMachine(context: ManagerContext, name: string): Promise<void> {
  const act = ({ driver, spec }: Workpiece): Promise<void> | undefined => driver.pause?.(spec);
  return change(context, name, { operation: "pause", needs: "pause", until: "paused", act });
}

/** Lets a paused machine go on. */
export function resumeMachine(context: ManagerContext, name: string): Promise<void> {
  const act = async (workpiece: Workpiece): Promise<void> => {
    await workpiece.driver.resume?.(workpiece.spec);
    await setClock(context, workpiece);
  };
  return change(context, name, { operation: "resume", needs: "pause", until: "running", act });
}

/** Takes a machine back to a snapshot. */
export async function restoreMachine(context: ManagerContext, name: string, snapshot: string): Promise<void> {
  const act = async (workpiece: Workpiece): Promise<void> => {
    await workpiece.driver.restore?.(workpiece.spec, snapshot);
    await setClock(context, workpiece);
  };
  const check = (machine: RegisteredMachine): void => checkHasSnapshot(machine, snapshot);
  await change(context, name, { operation: "restore", check, act });
}

/** Saves a machine. What fails leaves no snapshot. */
export async function takeSnapshot(
  context: ManagerContext,
  name: string,
  { snapshot, kind }: { readonly snapshot: string; readonly kind: SnapshotKind },
): Promise<SnapshotView> {
  const driver = await driverFor(context, name, `snapshot_${kind}`);
  const by = thisProcess();
  const machine = await claim(
    context,
    name,
    ifThere((found) => {
      checkSnapshotName(found, snapshot);
      return [{ type: "snapshot_started", id: found.id, snapshot, kind, by }];
    }),
  );
  const { id } = machine;
  try {
    const facts = await driver.snapshot?.(specOf(context, machine), snapshot, kind);
    if (facts === undefined) throw new Error(`the driver ${driver.name} has no snapshots`);
    context.registry.write({ type: "snapshot_finished", id, snapshot, ...facts });
    return { ...facts, name: snapshot, takenAt: context.now() };
  } catch (error: unknown) {
    const failure = asMachineFailure(error, `Snapshot ${snapshot} of ${machine.name} failed`);
    await removeSnapshotFiles(context, machine, snapshot).catch((left: unknown) =>
      context.warn(asMachineFailure(left, "").message),
    );
    throw failure;
  }
}

/** Removes a snapshot. */
export async function removeSnapshot(context: ManagerContext, name: string, snapshot: string): Promise<void> {
  await settleStale(context);
  const by = thisProcess();
  const machine = await claim(
    context,
    name,
    ifThere((found) => {
      checkHasSnapshot(found, snapshot);
      return [{ type: "snapshot_removing", id: found.id, snapshot, by }];
    }),
  );
  await removeSnapshotFiles(context, machine, snapshot);
}

async function change(
  context: ManagerContext,
  name: string,
  { operation, needs, until, check, act }: Change,
): Promise<void> {
  const driver = await driverFor(context, name, needs);
  const by = thisProcess();
  const machine = await claim(
    context,
    name,
    ifThere((found) => {
      check?.(found);
      return [{ type: "machine_changing", id: found.id, operation, by }];
    }),
  );
  try {
    const spec = specOf(context, machine);
    if (until === undefined || (await driver.state(spec)) !== until) await act({ driver, machine, spec });
  } catch (error: unknown) {
    throw asMachineFailure(error, `Machine ${machine.name}: ${operation} failed`);
  } finally {
    context.registry.write({ type: "machine_changed", id: machine.id });
  }
}

async function driverFor(
  context: ManagerContext,
  name: string,
  needs: OptionalOperation | undefined,
): Promise<MachineDriver> {
  const driver = await context.drivers.load(findMachine(context.registry.read(), name).driver);
  if (needs !== undefined) await checkSupported(context.drivers, driver, needs);
  await settleStale(context);
  return driver;
}

/** While a virtual machine stood still its clock did as well. */
async function setClock(context: ManagerContext, workpiece: Workpiece): Promise<void> {
  const { driver, spec } = workpiece;
  if (driver.isolation !== "virtual_machine" || (await driver.state(spec)) !== "running") return;
  const { furnishGuest } = await import("./furnish-guest.ts");
  await furnishGuest(context, workpiece, { identity: true, copyCredentials: false });
}
