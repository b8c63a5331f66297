import { encodeCache } from "../cache/cache-file.ts";
import { CodeCache } from "../cache/code-cache.ts";
import type { NativeCode } from "../cache/native-code.ts";
import { readStoredCache } from "../cache/storage-port.ts";
import type { CachedUnit } from "../cache/unit.ts";
import { engineIdentity } from "../jit/engine-identity.ts";
import type { UsedUnit } from "../jit/units.ts";
import type { Processor } from "../processor/processor.ts";

/** A unit that was entered less often is not worth its room: most of these ran while the guest booted, and never since. */
const LEAST_USES = 100;

/** What a machine that goes on from here can use of what another one has compiled. */
export function codeInUse(processor: Pick<Processor, "unitsInUse" | "codeCaches">): CodeCache {
  const code = new CodeCache();
  for (const unit of processor.unitsInUse()) if (unit.uses >= LEAST_USES) code.add(toCachedUnit(unit));
  for (const cache of processor.codeCaches()) code.takeModules(cache);
  return code;
}

function toCachedUnit({ mode, shape, segments, code, border, instructions, body, uses }: UsedUnit): CachedUnit {
  return { mode, shape, segments, code, border, instructions, body, uses };
}

/** Encodes the code of a snapshot. @param native as for `encodeCache` */
export function encodeMachineCode(code: CodeCache, native?: NativeCode): Uint8Array {
  return encodeCache(code, engineIdentity(), native);
}

/**
 * Reads the code of a snapshot.
 * @param code as `encodeMachineCode` gave it
 * @returns an empty cache where it is of another engine, or damaged: then all is compiled anew
 */
export function decodeMachineCode(code: Uint8Array): CodeCache {
  return readStoredCache(Uint8Array.from(code), engineIdentity()).cache;
}
