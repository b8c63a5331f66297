import { closeSync, copyFileSync, existsSync, mkdtempSync, openSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";

/** Where a SQLite file says how it is written (its header's "read version"), and what it says for a write-ahead log. */
const [VERSION_OFFSET, WRITE_AHEAD] = [19, 2];
const BUSY_MS = 5000;

/** A database that can be read only, and what to do when done. */
export type ReadOnly = {
  readonly database: DatabaseSync;
  /** True where it shows one state for ever, because no writer was there when it was opened. */
  readonly isFrozen: boolean;
  close(): void;
};

/**
 * Opens a journal's file without making a file beside it, whatever state it was left in:
 *
 * - closed, or with a writer at work, or after a writer was killed: as it is;
 * - a write-ahead database without its log (a copy of the one file): frozen, or else SQLite would make an empty log;
 * - with its log but without the log's index (a copy): SQLite would make the index, so it works on another copy.
 */
export function openReadOnly(path: string): ReadOnly {
  const hasLog = existsSync(`${path}-wal`);
  if (hasLog && !existsSync(`${path}-shm`)) return openCopy(path);
  if (!hasLog && isWriteAhead(path)) {
    const url = pathToFileURL(path);
    url.searchParams.set("immutable", "1");
    return { ...open(url), isFrozen: true };
  }
  return open(path);
}

function open(path: string | URL): ReadOnly {
  const database = new DatabaseSync(path, { readOnly: true, timeout: BUSY_MS });
  return { database, isFrozen: false, close: () => database.close() };
}

function openCopy(path: string): ReadOnly {
  const folder = mkdtempSync(join(tmpdir(), "cloister-journal-"));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const copy = join(folder, basename(path));
    for (const suffix of ["", "-wal"]) copyFileSync(`${path}${suffix}`, `${copy}${suffix}`);
    const opened = open(copy);
    const closeAndRemove = (): void => {
      opened.close();
      remove();
    };
    return { ...opened, isFrozen: true, close: closeAndRemove };
  } catch (error: unknown) {
    remove();
    throw error;
  }
}

function isWriteAhead(path: string): boolean {
  const file = openSync(path, "r");
  try {
    const header = Buffer.alloc(VERSION_OFFSET + 1);
    return readSync(file, header, 0, header.length, 0) === header.length && header[VERSION_OFFSET] === WRITE_AHEAD;
  } finally {
    closeSync(file);
  }
}
