import { hash } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { JournalDamage } from "./errors.ts";

/** The format that this version writes. */
export const WRITTEN_FORMAT = "1";
/** The formats that this version reads: readers come before writers. */
export const READABLE_FORMATS: readonly string[] = ["1"];
/** What the first record is chained to. */
export const NO_HASH: string = "0".repeat(64);

const REFUSE = "BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END";

/** Format 1: name to statement. SQLite keeps the text as it is, so that a reader can tell whether it has these tables and no other. */
const SCHEMA: Readonly<Record<string, string>> = {
  meta: "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
  records:
    "CREATE TABLE records (position INTEGER PRIMARY KEY CHECK (position > 0), type TEXT NOT NULL, time INTEGER NOT NULL, data TEXT NOT NULL, hash TEXT NOT NULL) STRICT",
  head: "CREATE TABLE head (id INTEGER PRIMARY KEY CHECK (id = 1), length INTEGER NOT NULL, hash TEXT NOT NULL) STRICT",
  meta_update: `CREATE TRIGGER meta_update BEFORE UPDATE ON meta ${REFUSE}`,
  meta_delete: `CREATE TRIGGER meta_delete BEFORE DELETE ON meta ${REFUSE}`,
  records_update: `CREATE TRIGGER records_update BEFORE UPDATE ON records ${REFUSE}`,
  records_delete: `CREATE TRIGGER records_delete BEFORE DELETE ON records ${REFUSE}`,
  // Once for each append, not for each record: a trigger takes as long as an insertion.
  head_update: `CREATE TRIGGER head_update BEFORE UPDATE ON head WHEN NOT EXISTS (SELECT 1 FROM records WHERE position = (SELECT max(position) FROM records) AND position = NEW.length AND hash = NEW.hash) OR NEW.length - OLD.length IS NOT (SELECT count(*) FROM records WHERE position > OLD.length) ${REFUSE}`,
  head_delete: `CREATE TRIGGER head_delete BEFORE DELETE ON head ${REFUSE}`,
};

/** What a record's hash is taken of: see docs/journal-format.md. `data` is the text as it is stored, so that no parser comes in between. */
export type HashedForm = {
  readonly previous: string;
  readonly position: number;
  readonly time: number;
  readonly type: string;
  readonly data: string;
};

/** The hash of a record: 64 hexadecimal digits. */
export function hashRecord({ previous, position, time, type, data }: HashedForm): string {
  // Joined, not a template: that would be a tree of strings, which takes twice as long to hash as one flat string.
  return hash("sha256", [previous, position, time, type, data].join("\n"), "hex");
}

/** Makes an empty journal of an empty database, unless somebody else is faster. */
export function createTables(database: DatabaseSync): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    if (isEmpty(database)) {
      for (const statement of Object.values(SCHEMA)) database.exec(statement);
      database.prepare("INSERT INTO meta VALUES ('format', ?)").run(WRITTEN_FORMAT);
      database.prepare("INSERT INTO head VALUES (1, 0, ?)").run(NO_HASH);
    }
    database.exec("COMMIT");
  } catch (error: unknown) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

/** Tells whether a database has no tables at all. */
export function isEmpty(database: DatabaseSync): boolean {
  return database.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").get() === undefined;
}

/**
 * Makes sure that a database is a journal that this version can read.
 * @throws {JournalDamage} where it is not.
 */
export function checkFormat(database: DatabaseSync, path: string): void {
  const tables = new Map(
    database
      .prepare("SELECT name, sql FROM sqlite_schema")
      .all()
      .map(({ name, sql }) => [name, sql]),
  );
  const refuse = (problem: "file" | "format", expected: string, found: string): never => {
    throw new JournalDamage(path, { position: 0, problem, expected, found });
  };
  if (!tables.has("meta")) refuse("file", "a journal", tables.size === 0 ? "an empty database" : "another database");
  const format = String(database.prepare("SELECT value FROM meta WHERE key = 'format'").get()?.["value"]);
  if (!READABLE_FORMATS.includes(format))
    refuse("format", `format ${READABLE_FORMATS.join(" or ")}`, `format ${format}`);
  for (const [name, statement] of Object.entries(SCHEMA)) {
    if (tables.get(name) !== statement) refuse("file", statement, String(tables.get(name) ?? `no ${name}`));
  }
  const strange = [...tables.keys()].find((name) => !(String(name) in SCHEMA));
  if (strange !== undefined) refuse("file", "the tables of the format alone", `also ${String(strange)}`);
}
