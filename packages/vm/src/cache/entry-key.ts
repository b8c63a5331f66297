import type { Mode } from "../memory/layout.ts";
import { type CachedUnit, entryRun, PAGE_BYTES, type Shape } from "./unit.ts";

/**
 * A unit is found by a 32-bit key of its mode, its shape and the first bytes from its entry on: 2, 4, 8, 16 or 32 of them, the most that
 * it has in a row. Whoever looks for one can't know how long it is, and so asks for each of these lengths that the page has room for.
 * Fewer bytes would do for most, but functions begin alike: a prologue of compressed instructions is 8 to 16 bytes long.
 */
const RUN_COUNT = 5;

/** How many of the runs, the shortest, a cheap first test looks at. */
export const SHORT_RUNS = 3;

/** The key to begin with: of no byte yet. */
export function startKey(mode: Mode, shape: Shape): number {
  return Math.imul(mode * 2 + (shape === "region" ? 1 : 0) + 1, 0x9e37_79b1);
}

/**
 * Takes the bytes of one more run into a key: those that the one before doesn't have.
 * @param of the run: 0 for 2 bytes, 4 for 32 @param entry offset in `bytes`
 */
export function extendKey(key: number, bytes: Uint8Array, entry: number, index: number): number {
  const end = entry + (2 << index);
  let mixed = key;
  for (let at = index === 0 ? entry : entry + (1 << index); at < end; at += 2) {
    mixed = Math.imul(mixed ^ ((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8)), 0x9e37_79b1);
    mixed ^= mixed >>> 15;
  }
  return mixed;
}

/** The key that a unit is kept under, and the shorter one that the first test asks for. */
export function keysOfUnit(unit: CachedUnit): { readonly key: number; readonly short: number } {
  const run = entryRun(unit);
  const count = countRuns(run.length);
  let key = startKey(unit.mode, unit.shape);
  let short = key;
  for (let index = 0; index < count; index++) {
    key = extendKey(key, unit.code, run.at, index);
    if (index < SHORT_RUNS) short = key;
  }
  return { key, short };
}

/** How many runs fit between an offset and the page's end. */
export function runsThatFit(offset: number): number {
  return countRuns(PAGE_BYTES - offset);
}

function countRuns(bytes: number): number {
  let count = 0;
  while (count < RUN_COUNT && 2 << count <= bytes) count++;
  return count;
}
