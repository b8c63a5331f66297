import { rename } from "node:fs/promises";
import { join } from "node:path";
import { checkEngine } from "../cache/cache-file.ts";
import { VmError } from "../error.ts";
import { type CodeCache, DEFAULT_MAX_BYTES } from "../cache/code-cache.ts";
import type { NativeCode } from "../cache/native-code.ts";
import {
  type CacheStore,
  type LoadedCache,
  readStoredCache,
  type SavedCache,
  saveStoredCache,
} from "../cache/storage-port.ts";
import { cacheFileName, pruneCacheFiles } from "./cache-files.ts";
import { makePrivateFolder, readPrivateFile, replacePrivateFile } from "./private-files.ts";
import { hasCode } from "./error-code.ts";
import { withSaveLock } from "./save-lock.ts";

/** Where caches are kept. */
export type CacheFolderOptions = {
  /** Made where there is none, for this user alone. */
  readonly folder: string;
  /** What compiled units depend on besides the guest's code, as for `encodeCache`. Each has a file of its own. */
  readonly engine: string;
  /** Most bytes that a cache which is loaded may take. */
  readonly maxBytes?: number;
  /** Keeps machine code, too. Left out: WebAssembly alone is kept. */
  readonly native?: NativeCode | undefined;
  /** How long a save waits for those of other processes, in milliseconds. */
  readonly waitMs?: number;
};

/**
 * Opens a folder of code caches.
 * @throws VmError `option_invalid` where others may write to the folder, or the engine's identification is none
 */
export async function openCacheFolder(options: CacheFolderOptions): Promise<CacheFolder> {
  checkEngine(options.engine);
  await makePrivateFolder(options.folder);
  return new CacheFolder(options);
}

/** One engine's code cache in a folder that many processes may use at once. Made by `openCacheFolder`. */
export class CacheFolder {
  /** The file that the cache is in. */
  readonly path: string;
  readonly #options: Required<CacheFolderOptions>;

  constructor({ maxBytes = DEFAULT_MAX_BYTES, waitMs = 5000, native, ...options }: CacheFolderOptions) {
    this.#options = { ...options, maxBytes, waitMs, native };
    this.path = join(options.folder, cacheFileName(options.engine));
  }

  /**
   * Loads the cache: an empty one, with a note, where the file is damaged, which is set aside then (`.damaged`).
   * @throws VmError `disk_failed` where the system doesn't let it
   */
  load(): Promise<LoadedCache> {
    return this.#orFailed("loaded", () => this.#load());
  }

  /**
   * Saves a cache, together with what other processes saved since it was loaded: of both, the hottest that have room. Replaces the file at
   * once, and removes what engines that are gone have left.
   * @throws VmError `disk_failed`: no space, no permission. The file is as it was then
   */
  save(cache: CodeCache): Promise<SavedCache> {
    return this.#orFailed("saved", () => this.#save(cache));
  }

  async #load(): Promise<LoadedCache> {
    const { engine, maxBytes } = this.#options;
    const { bytes, fault } = await readPrivateFile(this.path, mostFileBytes(maxBytes));
    const { cache, note = fault } = readStoredCache(bytes, engine, { maxBytes });
    if (note === undefined) return { cache };
    await setAside(this.path);
    return { cache, note };
  }

  async #save(cache: CodeCache): Promise<SavedCache> {
    const { folder, engine, waitMs, native } = this.#options;
    let note: string | undefined;
    const store: CacheStore = {
      load: async () => {
        const { bytes, fault } = await readPrivateFile(this.path, mostFileBytes(cache.maxBytes));
        note = fault;
        return bytes;
      },
      save: async (bytes) => {
        if (note !== undefined) await setAside(this.path);
        await replacePrivateFile(this.path, bytes);
      },
    };
    const saved = await withSaveLock(`${this.path}.lock`, waitMs, () => saveStoredCache(store, cache, engine, native));
    await pruneCacheFiles(folder, cacheFileName(engine));
    return note === undefined ? saved : { ...saved, note };
  }

  async #orFailed<Result>(what: string, act: () => Promise<Result>): Promise<Result> {
    try {
      return await act();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new VmError("disk_failed", `The code cache ${this.path} could not be ${what}: ${reason}.`, { cause });
    }
  }
}

/** A file never has more bytes than the cache that it was written from; another process may allow itself more. */
function mostFileBytes(maxBytes: number): number {
  return 4 * Math.max(maxBytes, DEFAULT_MAX_BYTES);
}

/** Somebody may want to know what happened: the last one stays. */
async function setAside(path: string): Promise<void> {
  try {
    await rename(path, `${path}.damaged`);
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
  }
}
