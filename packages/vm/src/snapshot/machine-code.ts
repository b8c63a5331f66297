import { decodeCache, encodeCache } from "../cache/cache-file.ts";
import { CodeCache } from "../cache/code-cache.ts";
import type { CachedUnit } from "../cache/unit.ts";
import { VmError } from "../error.ts";
import { engineIdentity } from "../jit/engine-identity.ts";
import type { UsedUnit } from "../jit/units.ts";

/** A unit that was entered less often is not worth its room: most of these ran while the guest booted, and never since. */
const LEAST_USES = 100;

/** What a machine that goes on from here can use of the units that are in use. */
export function toCachedUnits(units: readonly UsedUnit[]): readonly CachedUnit[] {
  return units.filter(({ uses }) => uses >= LEAST_USES).map(toCachedUnit);
}

function toCachedUnit({ mode, shape, segments, code, instructions, body, uses }: UsedUnit): CachedUnit {
  return { mode, shape, segments, code, instructions, body, uses };
}

/** Encodes the units that a machine has in use. */
export function encodeUnitsInUse(units: readonly UsedUnit[]): Uint8Array {
  const cache = new CodeCache();
  for (const unit of toCachedUnits(units)) cache.add(unit);
  return encodeCache(cache, engineIdentity());
}

/**
 * Reads the units of a snapshot.
 * @param code as `encodeUnitsInUse` gave it
 * @returns none where it is of another engine, or damaged: then all is compiled anew
 */
export function decodeUnitsInUse(code: Uint8Array): readonly CachedUnit[] {
  try {
    return decodeCache(Uint8Array.from(code), engineIdentity()).units();
  } catch (error) {
    if (error instanceof VmError) return [];
    throw error;
  }
}
