/**
 * The registry's journals. A journal is never shortened, so a registry that is used for years would open ever more slowly: one that has
 * become long is sealed, and goes on in a next one that begins with the machines that there are, and with the hash of the sealed one.
 */
import { linkSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { MachineRegistry } from "@cloister/core";
import { type JournalHead, openJournal } from "../../journal/index.ts";

/** The newest journal of a registry; the first one where there is none. @param first path of the first one */
export function newestGeneration(first: string): string {
  const generations = readdirSync(dirname(first)).map((name) => generationOf(first, name));
  return pathOf(first, Math.max(1, ...generations));
}

/** Makes an empty journal that nobody else can read, where there is none. */
export function makeFirstGeneration(first: string): void {
  try {
    // SQLite takes an empty file for an empty database. Its own would be as open as the umask lets it; its sidecars have its mode.
    writeFileSync(first, "", { flag: "wx", mode: 0o600 });
  } catch (error: unknown) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

/** What a sealed journal holds. */
export type SealedJournal = {
  readonly path: string;
  readonly registry: MachineRegistry;
  readonly head: JournalHead;
  /** Of the seal, in ms since the epoch: whoever makes the next journal makes the same one. */
  readonly sealedAt: number;
};

/**
 * Makes the journal that follows a sealed one, whole or not at all; does nothing where somebody else was faster.
 * @returns its path
 */
export function makeNextGeneration(first: string, { path, registry, head, sealedAt }: SealedJournal): string {
  const next = pathOf(first, generationOf(first, basename(path)) + 1);
  const draft = `${next}.${process.pid}.draft`;
  rmSync(draft, { force: true });
  writeFileSync(draft, "", { flag: "wx", mode: 0o600 });
  const journal = openJournal(draft, { create: true });
  const data = { machines: registry.machines, length: head.length, hash: head.hash };
  journal.append([{ type: "registry_continued", time: sealedAt, data }], { expected: 0 });
  journal.close();
  try {
    linkSync(draft, next);
  } catch (error: unknown) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return next;
}

function pathOf(first: string, generation: number): string {
  return generation === 1 ? first : join(dirname(first), `${basename(first, ".db")}-${generation}.db`);
}

/** 0 for a file that is none of the registry's. */
function generationOf(first: string, name: string): number {
  if (name === basename(first)) return 1;
  const prefix = `${basename(first, ".db")}-`;
  const number = name.startsWith(prefix) ? /^(\d{1,9})\.db$/.exec(name.slice(prefix.length))?.[1] : undefined;
  return Number(number ?? 0);
}
