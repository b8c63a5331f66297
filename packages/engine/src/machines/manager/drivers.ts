import { CloisterError, DRIVER_NAMES, type DriverName } from "@cloister/core";
import type { DriverProbe, MachineDriver, OptionalOperation } from "../port.ts";
import type { DriverTable } from "./context.ts";
import type { DriverView } from "./port.ts";

/** The drivers of a manager. */
export interface Drivers {
  readonly names: readonly DriverName[];
  /** @throws CloisterError `machine_unavailable` where there is no such driver. */
  load(name: DriverName): Promise<MachineDriver>;
  /** Loads a driver that works here; what it answered once holds. @throws CloisterError `machine_unavailable`, with reason and remedy. */
  usable(name: DriverName): Promise<MachineDriver>;
  /** Probes all of them, all at once. */
  views(): Promise<readonly DriverView[]>;
}

/** Probes answer within 3 s, which a busy host may be too slow for. Who wants a machine would rather wait than be refused. */
const MORE_PROBES = 2;

/** Makes the drivers of `table` ready to be loaded. @param env what they are probed with */
export function createDrivers(table: DriverTable, env: Readonly<Record<string, string>>): Drivers {
  const names = DRIVER_NAMES.filter((name) => table[name] !== undefined);
  const loaded = new Map<DriverName, Promise<MachineDriver>>();
  const probes = new Map<DriverName, Promise<DriverProbe>>();
  const load = (name: DriverName): Promise<MachineDriver> =>
    remember(loaded, name, () => table[name]?.() ?? missing(name, names));
  const probe = (name: DriverName): Promise<DriverProbe> =>
    remember(probes, name, async () => (await load(name)).probe({ env }));
  return {
    names,
    load,
    usable: async (name) => {
      const driver = await load(name);
      let found = await probe(name);
      for (let again = 0; !found.usable && again < MORE_PROBES; again += 1) {
        probes.delete(name);
        found = await probe(name);
      }
      if (!found.usable) throw unavailable(driver, found);
      return driver;
    },
    views: () => Promise.all(names.map(async (name) => viewOf(await load(name), await probe(name)))),
  };
}

/**
 * Makes sure that a driver has an operation.
 * @throws CloisterError `machine_unsupported`, which names the drivers that have it.
 */
export async function checkSupported(
  drivers: Drivers,
  driver: MachineDriver,
  operation: OptionalOperation,
): Promise<void> {
  if (driver.operations.has(operation)) return;
  const all = await Promise.all(drivers.names.map((name) => drivers.load(name)));
  const able = all.filter(({ operations }) => operations.has(operation)).map(({ name }) => name);
  throw unsupported(driver, operation, able);
}

/** The error of an operation that a driver lacks. @param able drivers that have it */
export function unsupported(
  driver: MachineDriver,
  operation: OptionalOperation,
  able: readonly DriverName[],
): CloisterError {
  return new CloisterError({
    code: "machine_unsupported",
    message: `Machines of the driver ${driver.name} don't support ${WORDS[operation]}.`,
    remedy: able.length === 0 ? "No driver does." : `Make one with a driver that does: ${able.join(", ")}.`,
  });
}

const WORDS: Readonly<Record<OptionalOperation, string>> = {
  pause: "being paused",
  snapshot_disk: "snapshots of their disk",
  snapshot_full: "snapshots with memory",
  clone: "being cloned",
  fork: "being forked",
  template: "templates",
  mounts: "folders of the host",
  console: "a console",
};

function remember<Key, Value>(known: Map<Key, Promise<Value>>, key: Key, make: () => Promise<Value>): Promise<Value> {
  const value = known.get(key) ?? make();
  known.set(key, value);
  return value;
}

function missing(name: DriverName, names: readonly DriverName[]): Promise<never> {
  return Promise.reject(
    new CloisterError({
      code: "machine_unavailable",
      message: `There is no machine driver ${name} here.`,
      remedy: `Drivers: ${names.join(", ")}.`,
    }),
  );
}

function unavailable({ name }: MachineDriver, { reason, remedy }: DriverProbe): CloisterError {
  return new CloisterError({
    code: "machine_unavailable",
    message: `The machine driver ${name} does not work here: ${reason}`,
    remedy: remedy ?? "See `cloister doctor` for the drivers that do.",
  });
}

function viewOf({ name, title, isolation, operations, limitations }: MachineDriver, probe: DriverProbe): DriverView {
  return { ...probe, name, title, isolation, operations: [...operations], limitations };
}
