/**
 * Places of runs in a machine that several share. A seat is a lock in the machine's folder, held by the process of a run: one whose
 * process is gone is free. Who takes or leaves a seat, makes such a machine or removes it, holds its door meanwhile: a lock beside it.
 */
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { lockHolder, tryLock } from "../../runs/lock.ts";
import type { MachinePlaces } from "../places.ts";
import { folderOf } from "./machine-files.ts";

const FOLDER = "seats";

/** A run's place in a machine. Disposing leaves it. */
export type Seat = Disposable & {
  /** Counted from 0. */
  readonly index: number;
};

/** The lock of the door to the shared machine of a name. */
export function doorOf({ machines }: MachinePlaces, name: string): string {
  return join(machines, `${name}.lock`);
}

/** Takes the first of `count` seats that is free. @returns undefined where none is */
export function takeSeat(machineFolder: string, count: number): Seat | undefined {
  const folder = join(machineFolder, FOLDER);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (let index = 0; index < count; index += 1) {
    const lock = tryLock(join(folder, String(index)));
    if (lock !== undefined) return { index, [Symbol.dispose]: () => lock[Symbol.dispose]() };
  }
  return undefined;
}

/**
 * Holds the door of a machine that runs share, where none of them lives any more and nobody else is at the door.
 * @returns undefined where runs do not share it, or somebody may be in it
 */
export function holdDeserted(
  places: MachinePlaces,
  { id, name }: { readonly id: string; readonly name: string },
): Disposable | undefined {
  const folder = folderOf(places, id);
  if (!existsSync(join(folder, FOLDER))) return undefined;
  using door = new DisposableStack();
  const lock = tryLock(doorOf(places, name));
  if (lock === undefined) return undefined;
  door.use(lock);
  return hasSitters(folder) ? undefined : door.move();
}

/** Tells whether a living process has a seat in a machine. */
export function hasSitters(machineFolder: string): boolean {
  const folder = join(machineFolder, FOLDER);
  return readdirSync(folder).some((seat) => lockHolder(join(folder, seat)) !== undefined);
}
