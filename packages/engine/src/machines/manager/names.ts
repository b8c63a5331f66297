import { hash, randomInt } from "node:crypto";
import { CloisterError, type DriverName, type MachineRegistry, type RegisteredMachine } from "@cloister/core";
import type { MachinePlaces } from "../places.ts";
import type { MachineId } from "../port.ts";

const NAME = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/;
const SNAPSHOT = /^[a-z0-9][a-z0-9-]{0,63}$/;
const ID = /^[a-z0-9]{12}$/;
const RANDOM_LETTERS = 8;
const SCOPE_LETTERS = 4;
/** How many names an error lists. */
const LISTED = 20;

/** A new machine's id. It ends with letters that are the same for every machine of these places, and of no others. */
export function newMachineId(places: MachinePlaces): MachineId {
  const letters = Array.from({ length: RANDOM_LETTERS }, () => randomInt(36).toString(36));
  return `${letters.join("")}${scopeOf(places)}` as MachineId;
}

/**
 * Tells whether `text` is the id of a machine that was made by a registry at these places. What other users and other state folders of
 * this host have made is not ours to remove.
 */
export function isOwnId(text: string, places: MachinePlaces): boolean {
  return ID.test(text) && text.endsWith(scopeOf(places));
}

function scopeOf({ machines }: MachinePlaces): string {
  const number = Number.parseInt(hash("sha256", machines, "hex").slice(0, 12), 16);
  return (number % 36 ** SCOPE_LETTERS).toString(36).padStart(SCOPE_LETTERS, "0");
}

/**
 * The machine that a user names: by name, id, or the beginning of an id that no other machine has.
 * @throws CloisterError `machine_not_found`, with the names that there are.
 */
export function findMachine({ machines }: MachineRegistry, wanted: string): RegisteredMachine {
  const exact = machines.find(({ name }) => name === wanted) ?? machines.find(({ id }) => id === wanted);
  if (exact !== undefined) return exact;
  const matches = wanted === "" ? [] : machines.filter(({ id }) => id.startsWith(wanted));
  const [match] = matches;
  if (match !== undefined && matches.length === 1) return match;
  const names = machines.slice(-LISTED).map(({ name }) => name);
  throw new CloisterError({
    code: "machine_not_found",
    message: `Expected the name of one machine, found ${matches.length} for "${wanted.slice(0, 80)}".`,
    remedy: names.length === 0 ? "Make one with: cloister machine create" : `Machines: ${names.join(", ")}.`,
  });
}

/**
 * The name for a new machine: the wanted one, or one that is free.
 * @throws CloisterError `usage_invalid` where it is no name, or taken.
 */
export function chooseName({ machines }: MachineRegistry, wanted: string | undefined, driver: DriverName): string {
  const taken = new Set(machines.map(({ name }) => name));
  if (wanted === undefined) return freeName(taken, driver);
  if (!NAME.test(wanted))
    throw invalid(
      `Expected a machine's name of lower case letters, digits and dashes, 40 at most, got "${wanted.slice(0, 80)}".`,
    );
  if (taken.has(wanted)) throw invalid(`There is a machine ${wanted} already.`);
  return wanted;
}

/** @throws CloisterError `usage_invalid` where it is no name, or the machine has such a snapshot. */
export function checkSnapshotName({ name, snapshots }: RegisteredMachine, wanted: string): void {
  if (!SNAPSHOT.test(wanted))
    throw invalid(
      `Expected a snapshot's name of lower case letters, digits and dashes, 64 at most, got "${wanted.slice(0, 80)}".`,
    );
  if (snapshots.some((snapshot) => snapshot.name === wanted))
    throw invalid(`Machine ${name} has a snapshot ${wanted} already.`);
}

/** @throws CloisterError `machine_not_found` where the machine has no such snapshot. */
export function checkHasSnapshot({ name, snapshots }: RegisteredMachine, wanted: string): void {
  if (snapshots.some((snapshot) => snapshot.name === wanted)) return;
  const names = snapshots.map((snapshot) => snapshot.name).slice(-LISTED);
  throw new CloisterError({
    code: "machine_not_found",
    message: `Machine ${name} has no snapshot "${wanted.slice(0, 80)}".`,
    remedy: names.length === 0 ? "Take one with: cloister machine snapshot" : `Snapshots: ${names.join(", ")}.`,
  });
}

function freeName(taken: ReadonlySet<string>, driver: DriverName): string {
  for (let number = 1; ; number += 1) if (!taken.has(`${driver}-${number}`)) return `${driver}-${number}`;
}

function invalid(message: string): CloisterError {
  return new CloisterError({ code: "usage_invalid", message, remedy: "Choose another name." });
}
