import { existsSync } from "node:fs";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { CloisterError } from "@cloister/core";
import { JournalConflict, translateErrors } from "./errors.ts";
import { checkFormat, createTables, hashRecord, isEmpty } from "./format.ts";
import { LogSync } from "./log-sync.ts";
import type { AppendOptions, Journal, JournalHead, JournalRecord, StoredRecord } from "./port.ts";
import { checkHead, encodeData, HEAD_QUERY, type JournalFile, readHead, readRecords, toHead } from "./records.ts";

/** How long to wait for somebody who holds the file. */
const BUSY_MS = 5000;
/** Records that one statement inserts, where there are so many: half of an insertion by itself is the call. */
const GROUP = 8;
const ROW = "(?, ?, ?, ?, ?)";

/**
 * Opens a journal to write it.
 * @param options `create`: makes an empty one where there is none.
 * @throws {CloisterError} `run_not_found` where there is none; {@link JournalDamage} where it is not as it was written, as far as its end shows:
 * the rest is verified when it is read.
 */
export function openJournal(path: string, { create = false }: { readonly create?: boolean } = {}): Journal {
  if (!create) checkExists(path);
  return translateErrors(path, () => {
    const database = new DatabaseSync(path, { timeout: BUSY_MS });
    try {
      return new SqliteJournal(prepareToWrite(database, path, create), path);
    } catch (error: unknown) {
      database.close();
      throw error;
    }
  });
}

/** @throws {CloisterError} `run_not_found` where there is no file. */
export function checkExists(path: string): void {
  if (existsSync(path)) return;
  const remedy = "See `cloister status` for the runs of this repository.";
  throw new CloisterError({ code: "run_not_found", message: "Expected a journal, found no file.", remedy, file: path });
}

function prepareToWrite(database: DatabaseSync, path: string, create: boolean): DatabaseSync {
  const isNew = isEmpty(database) && create;
  if (!isNew) checkFormat(database, path); // Before anything is changed: it may be somebody else's database.
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  if (isNew) createTables(database);
  return database;
}

/** In one transaction: somebody else may be writing. */
function readCheckedHead(file: JournalFile): JournalHead {
  file.database.exec("BEGIN");
  try {
    const head = readHead(file);
    checkHead(file, head);
    return head;
  } finally {
    file.database.exec("COMMIT");
  }
}

/** The statements of an append. */
type Step = "begin" | "head" | "insert" | "insertGroup" | "advance" | "commit";
/** A record, and its data as text. */
type Encoded = { readonly record: JournalRecord; readonly text: string };
/** It in its place. */
type Row = readonly [position: number, type: string, time: number, text: string, hash: string];

class SqliteJournal implements Journal {
  readonly #file: JournalFile;
  /** Prepared once: a gateway appends hundreds of times a second. */
  readonly #statements: Readonly<Record<Step, StatementSync>>;
  readonly #log: LogSync;
  /** Whether each commit is synced before it returns, as it is when the journal is opened. */
  #isSynced = true;
  #head: JournalHead;

  constructor(database: DatabaseSync, path: string) {
    this.#file = { database, path };
    this.#log = new LogSync(path);
    this.#head = readCheckedHead(this.#file);
    this.#statements = {
      begin: database.prepare("BEGIN IMMEDIATE"),
      head: database.prepare(HEAD_QUERY),
      insert: database.prepare(`INSERT INTO records VALUES ${ROW}`),
      insertGroup: database.prepare(`INSERT INTO records VALUES ${Array(GROUP).fill(ROW).join(", ")}`),
      advance: database.prepare("UPDATE head SET length = ?, hash = ?"),
      commit: database.prepare("COMMIT"),
    };
  }

  get length(): number {
    return this.#head.length;
  }

  get headHash(): string {
    return this.#head.hash;
  }

  append(records: readonly JournalRecord[], { expected, durable = true }: AppendOptions): void {
    this.#log.assertSound();
    const encoded = records.map((record) => ({ record, text: encodeData(record) }));
    this.#head = translateErrors(this.#file.path, () => {
      this.#syncCommits(durable);
      return this.#inTransaction(() => this.#insert(encoded, expected));
    });
  }

  sync(): Promise<void> {
    return this.#log.sync();
  }

  read({ from = 1 }: { readonly from?: number } = {}): Iterable<StoredRecord> {
    return readRecords(this.#file, from, this.#head);
  }

  close(): void {
    if (!this.#file.database.isOpen) return;
    this.#log.close();
    try {
      // One file that can be read without making others. Not possible while a reader is connected: then the log stays beside it, as valid.
      this.#file.database.exec("PRAGMA busy_timeout = 0; PRAGMA journal_mode = DELETE");
    } catch {
      // A reader is connected.
    }
    this.#file.database.close();
  }

  #insert(records: readonly Encoded[], expected: number): JournalHead {
    const head = toHead(this.#file, this.#statements.head.get());
    if (head.length !== expected) throw new JournalConflict(this.#file.path, expected, head.length);
    const rows = chain(head, records);
    const grouped = rows.length - (rows.length % GROUP);
    for (let at = 0; at < grouped; at += GROUP) this.#statements.insertGroup.run(...rows.slice(at, at + GROUP).flat());
    for (const row of rows.slice(grouped)) this.#statements.insert.run(...row);
    const last = rows.at(-1);
    if (last === undefined) return head;
    const [length, , , , hash] = last;
    this.#statements.advance.run(length, hash);
    return { length, hash };
  }

  /** In mode NORMAL a commit is whole and in order, and not synced: https://www.sqlite.org/pragma.html#pragma_synchronous */
  #syncCommits(isSynced: boolean): void {
    if (isSynced === this.#isSynced) return;
    this.#file.database.exec(`PRAGMA synchronous = ${isSynced ? "FULL" : "NORMAL"}`);
    this.#isSynced = isSynced;
  }

  #inTransaction<Value>(act: () => Value): Value {
    this.#statements.begin.run();
    try {
      const value = act();
      this.#statements.commit.run();
      return value;
    } catch (error: unknown) {
      if (this.#file.database.isTransaction) this.#file.database.exec("ROLLBACK");
      throw error;
    }
  }
}

/** The rows that come after `head`. */
function chain(head: JournalHead, records: readonly Encoded[]): readonly Row[] {
  let { length: position, hash } = head;
  return records.map(({ record: { type, time }, text }) => {
    position += 1;
    hash = hashRecord({ previous: hash, position, time, type, data: text });
    return [position, type, time, text, hash];
  });
}
