import { join, resolve } from "node:path";
import { machinePlaces } from "@cloister/engine/machines";
import { CodeCache, engineIdentity, VmError } from "@cloister/vm";
import { type CacheFolder, openCacheFolder } from "@cloister/vm/node";
import type { Terminal } from "../../terminal/terminal.ts";

/** The code cache of a run. */
export type OpenCodeCache = {
  readonly cache: CodeCache;
  /** Keeps what was compiled. What fails is told, and ends nothing. */
  save(): Promise<void>;
};

/** The folder that compiled code is kept in: what `--cache` says, or in the user's cache folder. */
export function codeCacheFolder(chosen: string | undefined, { cwd, env }: Terminal): string {
  return chosen === undefined ? join(machinePlaces(env).cache, "vm-code") : resolve(cwd, chosen);
}

/** Opens the code cache that the options name. A cache that can't be used is told, and done without. */
export async function openCodeCache(
  chosen: string | false | undefined,
  terminal: Terminal,
): Promise<OpenCodeCache | undefined> {
  if (chosen === false) return undefined;
  try {
    const folder = await openFolder(chosen, terminal);
    const { cache, note } = await folder.load();
    if (note !== undefined) terminal.note(note);
    return { cache, save: () => save(cache, () => Promise.resolve(folder), terminal) };
  } catch (error) {
    tell(error, terminal);
    return undefined;
  }
}

/** As `openCodeCache` for a machine that goes on from a snapshot, which has its code with it: what is there is not loaded, only added to. */
export function openEmptyCodeCache(chosen: string | false | undefined, terminal: Terminal): OpenCodeCache | undefined {
  if (chosen === false) return undefined;
  const cache = new CodeCache();
  return { cache, save: () => save(cache, () => openFolder(chosen, terminal), terminal) };
}

function openFolder(chosen: string | undefined, terminal: Terminal): Promise<CacheFolder> {
  return openCacheFolder({ folder: codeCacheFolder(chosen, terminal), engine: engineIdentity() });
}

async function save(cache: CodeCache, open: () => Promise<CacheFolder>, terminal: Terminal): Promise<void> {
  try {
    await (await open()).save(cache);
  } catch (error) {
    tell(error, terminal);
  }
}

function tell(error: unknown, terminal: Terminal): void {
  if (!(error instanceof VmError)) throw error;
  terminal.note(`compiled code is not kept: ${error.message}`);
}
