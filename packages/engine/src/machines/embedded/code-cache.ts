import { type CodeCache, engineIdentity, type NativeCode } from "@cloister/vm";
import { openCacheFolder } from "@cloister/vm/node";

/** Compiled code that machines of this user share. */
export type SharedCode = {
  readonly cache: CodeCache;
  /** Keeps what was compiled. Never rejects: a machine does without. */
  readonly save: () => Promise<void>;
  /** True where there is much that was compiled anew. */
  readonly hasGrown: () => boolean;
};

/** By what part it must have grown. */
const GROWTH = 0.05;

/**
 * Opens the code that earlier machines have compiled: it is known by the bytes of the guest's code, and made by the engine alone, so a
 * machine can put nothing into it that another one would run. Undefined where it can't be had: then everything is compiled anew.
 */
export async function openSharedCode(path: string, native: NativeCode | undefined): Promise<SharedCode | undefined> {
  try {
    const folder = await openCacheFolder({ folder: path, engine: engineIdentity(), native });
    const { cache } = await folder.load();
    const enough = cache.statistics.bytes * (1 + GROWTH);
    const save = (): Promise<void> => folder.save(cache).then(() => undefined, tell);
    return { cache, save, hasGrown: () => cache.statistics.bytes > enough };
  } catch (error: unknown) {
    tell(error);
    return undefined;
  }
}

/** To the log of the machine's process. */
function tell(error: unknown): void {
  process.stderr.write(`compiled code is not kept: ${String(error)}\n`);
}
