import { CloisterError, type MachinePolicy, type RegisteredMachine } from "@cloister/core";
import { isAbsolute } from "node:path";
import type { MachineDriver } from "../port.ts";
import { thisProcess } from "../registry/index.ts";
import { claim, ifThere } from "./claim.ts";
import type { ManagerContext } from "./context.ts";
import { checkSupported } from "./drivers.ts";
import { specOf } from "./machine-files.ts";
import { makeMachines, type MachineOrder, planMachines } from "./make-machines.ts";
import { checkHasSnapshot, findMachine } from "./names.ts";
import type { CreateRequest } from "./port.ts";
import { settleStale } from "./settle-stale.ts";

/** Makes a machine, and starts it. See `MachineManager.create`. */
export async function createMachine(context: ManagerContext, request: CreateRequest): Promise<RegisteredMachine> {
  checkLimits(request.policy);
  const driver = await context.drivers.usable(request.driver);
  if (request.policy.mounts.length > 0) await checkSupported(context.drivers, driver, "mounts");
  await settleStale(context);
  const order = orderOf(context, request, driver.images);
  const plan = context.registry.decide((registry) => {
    const value = planMachines(context, registry, [order]);
    return { events: value.events, value };
  });
  const act = async ([spec]: readonly Parameters<typeof driver.create>[0][]): Promise<void> => {
    if (spec !== undefined) await driver.create(spec);
  };
  return onlyOne(await makeMachines(context, driver, { ...plan, act }));
}

/** Makes a copy of a machine's disk, or of a snapshot of it. See `MachineManager.clone`. */
export async function cloneMachine(
  context: ManagerContext,
  source: string,
  { name, snapshot }: { readonly name?: string; readonly snapshot?: string },
): Promise<RegisteredMachine> {
  const names = name === undefined ? [undefined] : [name];
  return onlyOne(
    await copyMachine(context, source, { operation: "clone", names, ...(snapshot === undefined ? {} : { snapshot }) }),
  );
}

/** Makes copies of a running machine, memory included. See `MachineManager.fork`. */
export function forkMachine(
  context: ManagerContext,
  source: string,
  names: readonly string[],
): Promise<readonly RegisteredMachine[]> {
  return copyMachine(context, source, { operation: "fork", names });
}

type Copying = {
  readonly operation: "clone" | "fork";
  readonly names: readonly (string | undefined)[];
  readonly snapshot?: string;
};

async function copyMachine(
  context: ManagerContext,
  sourceName: string,
  { operation, names, snapshot }: Copying,
): Promise<readonly RegisteredMachine[]> {
  const driver = await context.drivers.load(findMachine(context.registry.read(), sourceName).driver);
  await checkSupported(context.drivers, driver, operation);
  await settleStale(context);
  let plan: ReturnType<typeof planMachines> = { ids: [], events: [], warnings: [] };
  const source = await claim(
    context,
    sourceName,
    ifThere((machine, registry) => {
      if (snapshot !== undefined) checkHasSnapshot(machine, snapshot);
      plan = planMachines(
        context,
        registry,
        names.map((name) => copyOrder(machine, name)),
      );
      return [{ type: "machine_changing", id: machine.id, operation, by: thisProcess() }, ...plan.events];
    }),
  );
  try {
    return await makeMachines(context, driver, {
      ...plan,
      act: async (into) => {
        const spec = specOf(context, source);
        if (operation === "fork") return driver.fork?.(spec, into);
        for (const one of into) await driver.clone?.(spec, one, snapshot);
      },
    });
  } finally {
    context.registry.write({ type: "machine_changed", id: source.id });
  }
}

function copyOrder(
  { id, driver, image, digest, policy, env }: RegisteredMachine,
  name: string | undefined,
): MachineOrder {
  return {
    driver,
    policy,
    source: id,
    ...(name === undefined ? {} : { name }),
    ...(image === undefined ? {} : { image }),
    ...(digest === undefined ? {} : { digest }),
    ...(env === undefined ? {} : { env }),
  };
}

/** An image that is none of the store's may be one that the driver knows: it says so itself where it does not. */
function orderOf(
  { images }: ManagerContext,
  { driver, image: wanted, name, policy, run, env }: CreateRequest,
  preference: MachineDriver["images"],
): MachineOrder {
  const image = wanted ?? preference?.usual;
  const digest = image === undefined ? undefined : images.find(image, preference?.architecture)?.digest;
  return {
    driver,
    policy,
    ...(name === undefined ? {} : { name }),
    ...(image === undefined ? {} : { image }),
    ...(digest === undefined ? {} : { digest }),
    ...(run === undefined ? {} : { run }),
    ...(env === undefined ? {} : { env }),
  };
}

/** @throws CloisterError `usage_invalid` */
function checkLimits({ limits, mounts }: MachinePolicy): void {
  for (const [name, value] of Object.entries(limits)) {
    if (Number.isFinite(value) && value > 0 && (name === "cpus" || Number.isInteger(value))) continue;
    throw new CloisterError({
      code: "usage_invalid",
      message: `Expected ${name} of a machine to be more than 0, got ${value}.`,
    });
  }
  for (const { from, to } of mounts) {
    if (isAbsolute(from) && isAbsolute(to)) continue;
    throw new CloisterError({
      code: "usage_invalid",
      message: `Expected absolute paths of a mount, got ${from} and ${to}.`,
    });
  }
}

function onlyOne([machine]: readonly RegisteredMachine[]): RegisteredMachine {
  if (machine === undefined) throw new Error("one machine was asked for, and none was made");
  return machine;
}
