import { VmError } from "../error.ts";
import { decodeCache, encodeCache } from "./cache-file.ts";
import { CodeCache, type CodeCacheOptions } from "./code-cache.ts";
import type { NativeCode } from "./native-code.ts";

/** Where a host keeps one engine's cache, as bytes. */
export interface CacheStore {
  /** What was saved last, or nothing. */
  load(): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Replaces it as a whole: whoever loads at the same time gets the one or the other. */
  save(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
}

/** A cache that was loaded. */
export type LoadedCache = {
  /** Empty where nothing was there that is of use. */
  readonly cache: CodeCache;
  /** Why what was there is of no use. */
  readonly note?: string;
};

/** What was saved. */
export type SavedCache = {
  readonly units: number;
  readonly bytes: number;
  /** What was wrong with what was there before. */
  readonly note?: string;
};

/** Reads a cache from bytes that may be anything. Parameters are those of `decodeCache`. */
export function readStoredCache(
  bytes: Uint8Array<ArrayBuffer> | undefined,
  engine: string,
  options: CodeCacheOptions = {},
): LoadedCache {
  if (!bytes) return { cache: new CodeCache(options) };
  try {
    return { cache: decodeCache(bytes, engine, options) };
  } catch (error) {
    if (!(error instanceof VmError)) throw error;
    return { cache: new CodeCache(options), note: error.message };
  }
}

/** Loads a cache; an empty one where there is none, or none that is sound. */
export async function loadStoredCache(
  store: CacheStore,
  engine: string,
  options: CodeCacheOptions = {},
): Promise<LoadedCache> {
  return readStoredCache(await store.load(), engine, options);
}

/**
 * Saves a cache together with what others have saved since it was loaded. The cache itself stays as it is.
 * @param native as for `encodeCache`
 */
export async function saveStoredCache(
  store: CacheStore,
  cache: CodeCache,
  engine: string,
  native?: NativeCode,
): Promise<SavedCache> {
  const { cache: merged, note } = await loadStoredCache(store, engine, { maxBytes: cache.maxBytes });
  merged.merge(cache);
  const bytes = encodeCache(merged, engine, native);
  await store.save(bytes);
  const saved = { units: merged.statistics.units, bytes: bytes.length };
  return note === undefined ? saved : { ...saved, note };
}
