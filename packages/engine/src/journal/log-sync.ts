import { closeSync, fdatasync, fsyncSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";

const syncFile = promisify(fdatasync);

/**
 * Puts SQLite's write-ahead log on the disk, as SQLite does itself at a commit, but outside of this thread. A commit is in the log in
 * order, and each part of it has a checksum (https://www.sqlite.org/fileformat2.html#the_write_ahead_log): once the log is synced, all
 * commits up to there are.
 */
export class LogSync {
  readonly #path: string;
  #descriptor: number | undefined;
  #failure: Error | undefined;
  #underWay: Promise<void> = Promise.resolve();

  /** @param path of the database; its log stands beside it from the first commit on. */
  constructor(path: string) {
    this.#path = path;
  }

  /** @throws what a sync has failed with. */
  assertSound(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Resolves when all that was committed before the call is on the disk. */
  sync(): Promise<void> {
    const sync = this.#sync();
    this.#underWay = Promise.allSettled([this.#underWay, sync]).then(() => undefined);
    return sync;
  }

  /** Gives the log back, once nothing is under way. */
  close(): void {
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    if (descriptor !== undefined) void this.#underWay.then(() => closeSync(descriptor));
  }

  async #sync(): Promise<void> {
    this.assertSound();
    try {
      this.#descriptor ??= openLog(this.#path);
      await syncFile(this.#descriptor);
    } catch (error: unknown) {
      // The kernel forgets what it could not write: a second try would seem to work.
      this.#failure = error instanceof Error ? error : new Error(String(error));
      throw this.#failure;
    }
  }
}

/** The log's name must be on the disk as well as what is in it. */
function openLog(path: string): number {
  const folder = openSync(dirname(path), "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
  return openSync(`${path}-wal`, "r+");
}
