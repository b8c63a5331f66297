import { resolve } from "node:path";
import { machinePlaces } from "@cloister/engine/places";
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
  save(): Promise<unknown>;
};

/** The folder that compiled code is kept in: what `--cache` says, or in the user's cache folder. */
export function codeCacheFolder(chosen: string | undefined, { cwd, env }: Terminal): string {
  return chosen === undefined ? machinePlaces(env).code : resolve(cwd, chosen);
}

/**
 * Opens the code cache that the options name. A cache that can't be used is told, and done without. For a machine that goes on from a
 * snapshot, which has its code with it and is to answer soon, it begins empty: what is there is not looked at until it is added to.
 */
export async function openCodeCache(
  { cache: chosen, restore }: Pick<VmRunOptions, "cache" | "restore">,
  terminal: Terminal,
): Promise<OpenCodeCache | undefined> {
  if (chosen === false) return undefined;
  const native = await openNativeCode(machinePlaces(terminal.env).codeKey);
  const open = (): Promise<CacheFolder> =>
    openCacheFolder({ folder: codeCacheFolder(chosen, terminal), engine: engineIdentity(), native });
  if (restore !== undefined) {
    const cache = new CodeCache();
    return { cache, native, save: () => orTell(async () => (await open()).save(cache), terminal) };
  }
  const loaded = await orTell(async () => {
    const folder = await open();
    return { folder, ...(await folder.load()) };
  }, terminal);
  if (loaded === undefined) return undefined;
  const { folder, cache, note } = loaded;
  if (note !== undefined) terminal.note(note);
  return { cache, native, save: () => orTell(() => folder.save(cache), terminal) };
}

async function orTell<Result>(act: () => Promise<Result>, terminal: Terminal): Promise<Result | undefined> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof VmError)) throw error;
    terminal.note(`compiled code is not kept: ${error.message}`);
    return undefined;
  }
}
