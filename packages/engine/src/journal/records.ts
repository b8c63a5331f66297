import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import { position as toPosition } from "@cloister/core";
import { JournalDamage, translateErrors } from "./errors.ts";
import { hashRecord, NO_HASH } from "./format.ts";
import { type JournalHead, type JournalRecord, MAX_DATA_LENGTH, type StoredRecord } from "./port.ts";

const NOT_ASCII = /[\u0080-\uffff]/;
const TYPE = /^[a-z][a-z0-9_]{0,63}$/;
// Rows are taken in batches, so that no lock is held while somebody works on one of them; bounded by number and by size.
const BATCH_ROWS = 1024;
const BATCH_LENGTH = 1024 * 1024;

type Row = readonly SQLOutputValue[];

/** An open journal, and where it is, for what is said of it. */
export type JournalFile = { readonly database: DatabaseSync; readonly path: string };

/**
 * The text of a record's data: JSON in ASCII alone, the rest as `\uXXXX`. It is the same whatever the encoding, and half as dear to hash.
 * @throws {RangeError} where the record is not as {@link JournalRecord} says: a defect of the caller.
 */
export function encodeData({ type, time, data }: JournalRecord): string {
  if (!TYPE.test(type)) refuse(`a type of lower case letters, digits and "_"`, JSON.stringify(type));
  if (!Number.isSafeInteger(time) || time < 0) refuse("a time in whole milliseconds", String(time));
  const text: string | undefined = JSON.stringify(data);
  if (!text?.startsWith("{")) return refuse(`a JSON object as data of ${type}`, text ?? "nothing");
  const ascii = NOT_ASCII.test(text) ? escapeNonAscii(text) : text;
  if (ascii.length > MAX_DATA_LENGTH)
    refuse(`at most ${MAX_DATA_LENGTH} characters of data in ${type}`, String(ascii.length));
  return ascii;
}

function escapeNonAscii(text: string): string {
  return text.replaceAll(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function refuse(expected: string, found: string): never {
  throw new RangeError(`Expected ${expected}, got ${found.slice(0, 200)}.`);
}

/** Asks where the journal says that it ends; {@link toHead} reads the answer. */
export const HEAD_QUERY = "SELECT length, hash FROM head";

/** Where the journal says that it ends. */
export function readHead(file: JournalFile): JournalHead {
  return toHead(file, file.database.prepare(HEAD_QUERY).get());
}

/** @throws {JournalDamage} where `row` is no head. */
export function toHead(
  { path }: Pick<JournalFile, "path">,
  row: Readonly<Record<string, unknown>> | undefined,
): JournalHead {
  const { length, hash } = row ?? {};
  if (typeof length === "number" && typeof hash === "string") return { length, hash };
  throw new JournalDamage(path, { position: 0, problem: "head", expected: "the journal's end", found: "none" });
}

/** Makes sure that the journal ends where it says that it does. */
export function checkHead({ database, path }: JournalFile, head: JournalHead): void {
  const last = database.prepare("SELECT position, hash FROM records ORDER BY position DESC LIMIT 1").get();
  const { position = 0, hash = NO_HASH } = last ?? {};
  if (position === head.length && hash === head.hash) return;
  const describe = (length: unknown, hash: unknown): string => `the end at ${String(length)} with hash ${String(hash)}`;
  const at = Math.min(head.length, Number(position)) + (position === head.length ? 0 : 1);
  const [expected, found] = [describe(head.length, head.hash), describe(position, hash)];
  throw new JournalDamage(path, { position: at, problem: "head", expected, found });
}

/** The records from position `from` to the one before `head` and that one, each verified. */
export function* readRecords(file: JournalFile, from: number, head: JournalHead): Generator<StoredRecord> {
  if (from > head.length) return;
  const { path } = file;
  const takeBatch = createBatches(file, head.length);
  let previous = from <= 1 ? NO_HASH : hashAt(file, from - 1);
  for (let next = Math.max(from, 1); next <= head.length;) {
    const batch = takeBatch(next);
    if (batch.length === 0) throw misplaced(path, next, "none");
    for (const row of batch) {
      const record = verifyRow(path, row, { position: next, previous });
      yield record;
      previous = record.hash;
      next += 1;
    }
  }
  if (previous === head.hash) return;
  const [expected, found] = [`hash ${head.hash}`, `hash ${previous}`];
  throw new JournalDamage(path, { position: head.length, problem: "head", expected, found });
}

/** Returns a function that takes the next rows, from a position on. */
function createBatches({ database, path }: JournalFile, last: number): (from: number) => readonly Row[] {
  const rows = database.prepare(
    "SELECT position, type, time, data, hash FROM records WHERE position BETWEEN ? AND ? ORDER BY position LIMIT ?",
  );
  rows.setReturnArrays(true);
  const take = (from: number): readonly Row[] => {
    const batch: Row[] = [];
    let length = 0;
    try {
      for (const row of rows.iterate(from, last, BATCH_ROWS) as unknown as Iterable<Row>) {
        batch.push(row);
        length += String(row[3]).length;
        if (length > BATCH_LENGTH) break;
      }
    } catch (error: unknown) {
      // What came before the unreadable row is good; the next batch begins with it, and fails there.
      if (batch.length === 0) throw error;
    }
    return batch;
  };
  return (from) => translateErrors(path, () => take(from), from);
}

function hashAt({ database, path }: JournalFile, position: number): string {
  const query = "SELECT hash FROM records WHERE position = ?";
  return translateErrors(path, () => String(database.prepare(query).get(position)?.["hash"]), position);
}

function verifyRow(path: string, row: Row, at: { position: number; previous: string }): StoredRecord {
  if (row[0] !== at.position) throw misplaced(path, at.position, `position ${String(row[0])}`);
  // Only what was written as text and number has the right hash: what follows is true once it was compared.
  const [, type, time, text, stored] = row as readonly [number, string, number, string, string];
  const hash = hashRecord({ ...at, time, type, data: text });
  if (hash === stored)
    return { position: toPosition(at.position), type, time, data: parseData(path, at.position, text), hash };
  const [expected, found] = [`a record with hash ${stored}`, `one with hash ${hash}`];
  throw new JournalDamage(path, { position: at.position, problem: "hash", expected, found });
}

/** What the chain proves to be as written was an object when it was written; a forged chain can hold anything. */
function parseData(path: string, position: number, text: string): JournalRecord["data"] {
  try {
    const data: unknown = JSON.parse(text);
    if (typeof data === "object" && data !== null && !Array.isArray(data)) return data as JournalRecord["data"];
  } catch {
    // Said below: it is not JSON at all.
  }
  throw new JournalDamage(path, { position, problem: "hash", expected: "a JSON object", found: text.slice(0, 40) });
}

function misplaced(path: string, position: number, found: string): JournalDamage {
  return new JournalDamage(path, { position, problem: "position", expected: `position ${position}`, found });
}
