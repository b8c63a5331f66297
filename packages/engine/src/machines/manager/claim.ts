import { setTimeout as delay } from "node:timers/promises";
import {
  CloisterError,
  type MachineEvent,
  type MachineRegistry,
  type OperationUnderWay,
  type RegisteredMachine,
} from "@cloister/core";
import { type Decision, isSameProcess } from "../registry/index.ts";
import type { ManagerContext } from "./context.ts";
import { findMachine } from "./names.ts";

/** How long to wait for another process that is at the machine: snapshots and starts end within it. */
const PATIENCE_MS = 30_000;
const LOOK_EVERY_MS = 25;

/** The intent that claims a machine: its first event must say what is under way, and by whom. What it throws is thrown. */
export type Intent = (machine: RegisteredMachine, registry: MachineRegistry) => readonly MachineEvent[];

/**
 * Claims a machine for an operation that changes it, by writing the intent into the registry: of two processes that try at the same time
 * one waits for the other. The claim ends with the event of the result, or with this process.
 * @returns the machine as it was
 * @throws CloisterError `machine_not_found`; `machine_failed` where another is at it for too long.
 */
export async function claim(context: ManagerContext, name: string, intent: Intent): Promise<RegisteredMachine> {
  const deadline = performance.now() + PATIENCE_MS;
  // By id from the first look on: a machine of the same name that is made while this one waits is another.
  const { id } = findMachine(context.registry.read(), name);
  for (;;) {
    const { machine, holder } = context.registry.decide((registry) => attempt(registry, id, intent));
    if (holder === undefined) return machine;
    if (performance.now() > deadline) throw busy(machine, holder);
    await delay(LOOK_EVERY_MS);
  }
}

/** An intent for a machine that is made, and not being removed. */
export function ifThere(intent: Intent): Intent {
  return (machine, registry) => {
    if (machine.phase === "there") return intent(machine, registry);
    throw new CloisterError({
      code: "machine_failed",
      message: `Machine ${machine.name} ${machine.phase === "creating" ? "was never finished" : "is half removed"}.`,
      remedy: "Clear it away with: cloister machine prune",
    });
  };
}

type Attempt = { readonly machine: RegisteredMachine; readonly holder?: OperationUnderWay };

function attempt(registry: MachineRegistry, id: string, intent: Intent): Decision<Attempt> {
  const machine = findMachine(registry, id);
  const { underWay: holder } = machine;
  const isHeld = holder !== undefined && isSameProcess(holder.by);
  return isHeld
    ? { events: [], value: { machine, holder } }
    : { events: intent(machine, registry), value: { machine } };
}

function busy({ name }: RegisteredMachine, { operation, by }: OperationUnderWay): CloisterError {
  return new CloisterError({
    code: "machine_failed",
    message: `Machine ${name} is busy: process ${by.pid} is at it (${operation.replace("_", " ")}).`,
    remedy: "Try again when it has ended.",
  });
}
