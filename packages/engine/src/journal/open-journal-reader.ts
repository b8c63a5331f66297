import { existsSync } from "node:fs";
import { translateErrors } from "./errors.ts";
import { checkFormat } from "./format.ts";
import { checkExists } from "./open-journal.ts";
import { openReadOnly, type ReadOnly } from "./open-read-only.ts";
import type { JournalHead, JournalReader, StoredRecord } from "./port.ts";
import { type JournalFile, readHead, readRecords } from "./records.ts";

/**
 * Opens a journal to read it, while somebody may write it. Makes no file, and holds up nobody.
 * @throws {CloisterError} `run_not_found` where there is none; {@link JournalDamage} where it is no journal.
 */
export function openJournalReader(path: string): JournalReader {
  checkExists(path);
  return translateErrors(path, () => new SqliteReader(path));
}

class SqliteReader implements JournalReader {
  readonly #path: string;
  #source: ReadOnly;
  #version: unknown;

  constructor(path: string) {
    this.#path = path;
    this.#source = this.#open();
    this.#version = this.#currentVersion();
  }

  get length(): number {
    return this.#head().length;
  }

  get headHash(): string {
    return this.#head().hash;
  }

  *read({ from = 1 }: { readonly from?: number } = {}): Generator<StoredRecord> {
    yield* readRecords(this.#file(), from, this.#head());
  }

  changed(): boolean {
    if (this.#source.isFrozen && !this.#thaw()) return false;
    const version = this.#currentVersion();
    if (version === this.#version) return false;
    this.#version = version;
    return true;
  }

  close(): void {
    if (this.#source.database.isOpen) this.#source.close();
  }

  #head(): JournalHead {
    return translateErrors(this.#path, () => readHead(this.#file()));
  }

  #file(): JournalFile {
    return { database: this.#source.database, path: this.#path };
  }

  #open(): ReadOnly {
    const source = openReadOnly(this.#path);
    try {
      checkFormat(source.database, this.#path);
      return source;
    } catch (error: unknown) {
      source.close();
      throw error;
    }
  }

  /** A writer came: what was opened without one is opened anew. */
  #thaw(): boolean {
    if (!existsSync(`${this.#path}-shm`)) return false;
    this.#source.close();
    this.#source = this.#open();
    this.#version = undefined;
    return true;
  }

  #currentVersion(): unknown {
    return translateErrors(
      this.#path,
      () => this.#source.database.prepare("PRAGMA data_version").get()?.["data_version"],
    );
  }
}
