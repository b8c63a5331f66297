/** Folds the registry's events into the machines that there are. Pure and total: what does not fit changes nothing. */
import type {
  MachineEvent,
  MachineRegistry,
  OperationUnderWay,
  ProcessName,
  RegisteredMachine,
} from "./registry-event.ts";

type EventOf<Type extends MachineEvent["type"]> = Extract<MachineEvent, { type: Type }>;
type Handlers = {
  readonly [Type in MachineEvent["type"]]: (
    registry: MachineRegistry,
    event: EventOf<Type>,
    time: number,
  ) => MachineRegistry;
};

/** A registry without machines. */
export const EMPTY_REGISTRY: MachineRegistry = { machines: [], sealed: false };

/**
 * The registry after `event`. An event that this version does not know changes nothing.
 * @param time of the event, in ms since the epoch.
 */
export function evolveRegistry(registry: MachineRegistry, event: MachineEvent, time: number): MachineRegistry {
  const handlers: Readonly<Record<string, unknown>> = HANDLERS;
  const handler = Object.hasOwn(handlers, event.type) ? handlers[event.type] : undefined;
  if (handler === undefined) return registry;
  return (handler as (registry: MachineRegistry, event: MachineEvent, time: number) => MachineRegistry)(
    registry,
    event,
    time,
  );
}

const HANDLERS: Handlers = {
  machine_creating: (registry, { machine, by }, time) =>
    registry.machines.some(({ id }) => id === machine.id)
      ? registry
      : {
          ...registry,
          machines: [
            ...registry.machines,
            {
              ...machine,
              phase: "creating",
              createdAt: time,
              createdBy: by,
              underWay: { operation: "create", by },
              snapshots: [],
            },
          ],
        },
  machine_created: (registry, { id, socketFolder }) =>
    withMachine(registry, id, (machine) =>
      machine.phase === "creating" ? { ...idle(machine), phase: "there", socketFolder } : machine,
    ),
  machine_changing: (registry, { id, operation, by }) => begin(registry, id, { operation, by }),
  machine_changed: (registry, { id }) => withMachine(registry, id, idle),
  machine_removing: (registry, { id, by }) =>
    withMachine(registry, id, (machine) => ({ ...machine, phase: "removing", underWay: { operation: "remove", by } })),
  machine_removed: (registry, { id }) => ({
    ...registry,
    machines: registry.machines.filter((machine) => machine.id !== id),
  }),
  snapshot_started: (registry, { id, snapshot, by }) => begin(registry, id, { operation: "snapshot", snapshot, by }),
  snapshot_finished: (registry, { id, snapshot, kind, pausedMs, sizeKib }, time) =>
    withThere(registry, id, (machine) => ({
      ...idle(machine),
      snapshots: [...without(machine, snapshot), { name: snapshot, kind, takenAt: time, pausedMs, sizeKib }],
    })),
  snapshot_removing: (registry, { id, snapshot, by }) =>
    begin(registry, id, { operation: "remove_snapshot", snapshot, by }),
  snapshot_removed: (registry, { id, snapshot }) =>
    withThere(registry, id, (machine) => ({ ...idle(machine), snapshots: without(machine, snapshot) })),
  registry_sealed: (registry) => ({ ...registry, sealed: true }),
  registry_continued: (_registry, { machines }) => ({ machines, sealed: false }),
};

/** What should be done about a machine whose process is gone. */
export type StaleMachine = {
  readonly machine: RegisteredMachine;
  /** `settle`: what was under way is put right, and the machine stays. */
  readonly remedy: "remove" | "settle";
  /** A sentence without its subject. */
  readonly why: string;
};

/**
 * Machines at which a process was that is gone: half made, half removed, in the middle of an operation, or of a run that is over.
 * @param isAlive tells whether that very process lives.
 */
export function findStaleMachines(
  { machines }: MachineRegistry,
  isAlive: (process: ProcessName) => boolean,
): StaleMachine[] {
  return machines.flatMap((machine): readonly StaleMachine[] => {
    const { phase, underWay, run, createdBy } = machine;
    if (underWay !== undefined && isAlive(underWay.by)) return [];
    if (phase === "creating") return [{ machine, remedy: "remove", why: "was never finished" }];
    if (phase === "removing") return [{ machine, remedy: "remove", why: "was half removed" }];
    if (run !== undefined && !isAlive(createdBy))
      return [{ machine, remedy: "remove", why: `belonged to run ${run}, whose process is gone` }];
    return underWay === undefined
      ? []
      : [{ machine, remedy: "settle", why: `was left in the middle of a ${underWay.operation.replace("_", " ")}` }];
  });
}

function begin(registry: MachineRegistry, id: string, underWay: OperationUnderWay): MachineRegistry {
  return withThere(registry, id, (machine) => ({ ...machine, underWay }));
}

function idle({ underWay: _ended, ...machine }: RegisteredMachine): RegisteredMachine {
  return machine;
}

function without(machine: RegisteredMachine, snapshot: string): RegisteredMachine["snapshots"] {
  return machine.snapshots.filter(({ name }) => name !== snapshot);
}

/** Changes a machine that is made and not being removed. */
function withThere(
  registry: MachineRegistry,
  id: string,
  change: (machine: RegisteredMachine) => RegisteredMachine,
): MachineRegistry {
  return withMachine(registry, id, (machine) => (machine.phase === "there" ? change(machine) : machine));
}

function withMachine(
  registry: MachineRegistry,
  id: string,
  change: (machine: RegisteredMachine) => RegisteredMachine,
): MachineRegistry {
  return { ...registry, machines: registry.machines.map((machine) => (machine.id === id ? change(machine) : machine)) };
}
