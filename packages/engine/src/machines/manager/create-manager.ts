import { CloisterError, type RegisteredMachine } from "@cloister/core";
import { openRegistry } from "../registry/index.ts";
import {
  pauseMachine,
  removeSnapshot,
  restoreMachine,
  resumeMachine,
  startMachine,
  stopMachine,
  takeSnapshot,
  type Workpiece,
} from "./change-machine.ts";
import type { ManagerContext, ManagerOptions } from "./context.ts";
import { cloneMachine, createMachine, forkMachine } from "./create-machine.ts";
import { createDrivers, checkSupported } from "./drivers.ts";
import { specOf } from "./machine-files.ts";
import { findMachine } from "./names.ts";
import { makeTemplate } from "./make-template.ts";
import type { MachineManager, MachineView, OpenMachine, OpenOptions } from "./port.ts";
import { reconcile } from "./reconcile.ts";
import { removeMachine } from "./remove-machine.ts";
import { liveView, viewOf } from "./view.ts";

/** Opens the machines of a user. Makes the registry where there is none. @throws {JournalDamage} where it is not as it was written. */
export function createMachineManager({ env, places, drivers, images, ...told }: ManagerOptions): MachineManager {
  const { now = Date.now, onWarning = (): void => undefined, onEvent } = told;
  const registry = openRegistry({ journal: places.journal, now, ...(onEvent === undefined ? {} : { onEvent }) });
  const context: ManagerContext = {
    env,
    places,
    images,
    registry,
    now,
    warn: onWarning,
    drivers: createDrivers(drivers, env),
  };
  const running = (machine: RegisteredMachine): MachineView => viewOf(machine, "running");
  return {
    drivers: () => context.drivers.views(),
    list: () => Promise.all(registry.read().machines.map((machine) => liveView(context, machine))),
    get: async (name) => liveView(context, findMachine(registry.read(), name)),
    create: async (request) => running(await createMachine(context, request)),
    template: (request) => makeTemplate(context, request),
    clone: async (source, into) => running(await cloneMachine(context, source, into)),
    fork: async (source, names) => (await forkMachine(context, source, names)).map(running),
    start: (name) => startMachine(context, name),
    stop: (name) => stopMachine(context, name),
    pause: (name) => pauseMachine(context, name),
    resume: (name) => resumeMachine(context, name),
    snapshot: (name, snapshot, kind) => takeSnapshot(context, name, { snapshot, kind }),
    restore: (name, snapshot) => restoreMachine(context, name, snapshot),
    removeSnapshot: (name, snapshot) => removeSnapshot(context, name, snapshot),
    stats: async (name) => {
      const { driver, spec } = await workpieceOf(context, name);
      return driver.stats(spec);
    },
    console: async (name) => {
      const { driver, spec } = await workpieceOf(context, name);
      await checkSupported(context.drivers, driver, "console");
      return driver.console?.(spec) ?? {};
    },
    open: (name, options) => open(context, name, options),
    remove: (name) => removeMachine(context, name),
    reconcile: () => reconcile(context),
    [Symbol.dispose]: () => registry[Symbol.dispose](),
  };
}

async function open(context: ManagerContext, name: string, options: OpenOptions = {}): Promise<OpenMachine> {
  const workpiece = await workpieceOf(context, name);
  // Guest agent and egress are loaded by those who need them: listing machines is to be quick.
  const { openMachine } = await import("./open-machine.ts");
  return openMachine(context, workpiece, { ...options, view: viewOf(workpiece.machine, "running") });
}

async function workpieceOf(context: ManagerContext, name: string): Promise<Workpiece> {
  const machine = findMachine(context.registry.read(), name);
  if (machine.phase !== "there")
    throw new CloisterError({
      code: "machine_failed",
      message: `Machine ${machine.name} is ${machine.phase}.`,
      remedy: "Wait until that has ended, or clear it away with: cloister machine prune",
    });
  return { driver: await context.drivers.load(machine.driver), machine, spec: specOf(context, machine) };
}
