import { resolve } from "node:path";
import { machinePlaces } from "@cloister/engine/machines";
import { CodeCache, engineIdentity, type NativeCode, VmError } from "@cloister/vm";
import { type CacheFolder, openCacheFolder, openNativeCode } from "@cloister/vm/node";
import type { VmRunOptions } from "../../definitions/vm.ts";
import type { Terminal } from "../../terminal/terminal.ts";

/** The code cache of a run. */
export type OpenCodeCache = {
  readonly cache: CodeCache;
  /** Keeps machine code, where it can be kept. */
  readonly native: NativeCode | undefined;
  /** Keeps what was compiled. What fails is told, and ends nothing. */
  save(): Promise<void>;
};

/** The folder that compiled code is kept in: what `--cache` says, or in the user's cache folder. */
export function codeCacheFolder(chosen: string | undefined, { cwd, env }: Terminal): string {
  return chosen === undefined ? machinePlaces(env).code : resolve(cwd, chosen);
}

/**
 * Opens the code cache that the options name. A cache that can't be used is told, and done without. For a machine that goes on from a
 * snapshot, which has its code with it, it begins empty: what is there is not loaded, only added to.
 */
export async function openCodeCache(
  { cache: chosen, restore }: Pick<VmRunOptions, "cache" | "restore">,
  terminal: Terminal,
): Promise<OpenCodeCache | undefined> {
  if (chosen === false) return undefined;
  try {
    const native = await openNativeCode(machinePlaces(terminal.env).codeKey);
    const folder = await openCacheFolder({
      folder: codeCacheFolder(chosen, terminal),
      engine: engineIdentity(),
      native,
    });
    const { cache, note } = restore === undefined ? await folder.load() : { cache: new CodeCache() };
    if (note !== undefined) terminal.note(note);
    return { cache, native, save: () => save(cache, folder, terminal) };
  } catch (error) {
    tell(error, terminal);
    return undefined;
  }
}

async function save(cache: CodeCache, folder: CacheFolder, terminal: Terminal): Promise<void> {
  try {
    await folder.save(cache);
  } catch (error) {
    tell(error, terminal);
  }
}

function tell(error: unknown, terminal: Terminal): void {
  if (!(error instanceof VmError)) throw error;
  terminal.note(`compiled code is not kept: ${error.message}`);
}
