import { hash } from "node:crypto";
import { existsSync } from "node:fs";
import { CloisterError, type MachineChoice } from "@cloister/core";
import type { MachineManager, MachineView } from "../manager/port.ts";
import { doorOf, hasSitters, takeSeat } from "../manager/seats.ts";
import { folderOf } from "../manager/machine-files.ts";
import type { MachinePlaces } from "../places.ts";
import { takeTurn } from "../tool/index.ts";

/** Far more machines than a host has room for. */
const MOST_MACHINES = 1000;

/** What a place in a shared machine is taken from. */
export type Sharing = {
  readonly manager: MachineManager;
  readonly places: MachinePlaces;
  readonly choice: MachineChoice;
  /** Runs in a machine at a time. */
  readonly perMachine: number;
};

/** A run's place in a machine that it shares. Disposing leaves it; the last one removes the machine. */
export type SharedPlace = AsyncDisposable & {
  /** Id of the machine. */
  readonly machine: string;
  /** Counted from 0: no other run in the machine has the same. */
  readonly seat: number;
};

/**
 * Takes a place in a machine of the same driver, image and policy that has one free; makes a machine where none has.
 * @throws CloisterError `machine_unavailable`, `machine_failed`, `resources_short`
 */
export async function shareMachine(sharing: Sharing): Promise<SharedPlace> {
  for (let number = 1; number <= MOST_MACHINES; number += 1) {
    const place = await tryMachine(sharing, `shared-${keyOf(sharing.choice)}-${number}`);
    if (place !== undefined) return place;
  }
  throw new CloisterError({
    code: "machine_failed",
    message: `Expected a free place in ${MOST_MACHINES} machines that runs share, found none.`,
    remedy: "Clear away what is left of earlier ones: cloister machine prune",
  });
}

async function tryMachine(sharing: Sharing, name: string): Promise<SharedPlace | undefined> {
  const { manager, places, perMachine } = sharing;
  const door = doorOf(places, name);
  using _turn = await takeTurn(door);
  const machine = await findOrMake(sharing, name);
  const folder = folderOf(places, machine.id);
  if (machine.state === "removing" || !existsSync(folder)) return undefined;
  const seat = takeSeat(folder, perMachine);
  if (seat === undefined) return undefined;
  const leave = async (): Promise<void> => {
    using _leaving = await takeTurn(door);
    seat[Symbol.dispose]();
    if (!hasSitters(folder)) await manager.remove(machine.id);
  };
  return { machine: machine.id, seat: seat.index, [Symbol.asyncDispose]: leave };
}

/** Nothing of it belongs to one run: neither its end nor the sweep after a run takes it from the others. */
async function findOrMake({ manager, choice }: Sharing, name: string): Promise<MachineView> {
  const { driver, image, policy } = choice;
  const found = (await manager.list()).find((machine) => machine.name === name);
  return found ?? manager.create({ driver, name, policy, ...(image === undefined ? {} : { image }) });
}

/** Machines that differ in any of it are not shared: what one run may do, no other gets by it. */
function keyOf({ driver, image, policy }: MachineChoice): string {
  return hash("sha256", JSON.stringify([driver, image ?? "", policy])).slice(0, 12);
}
