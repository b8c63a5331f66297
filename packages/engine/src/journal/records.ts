import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import { position as toPosition } from "@cloister/core";
import { type Damage, JournalDamage, translateErrors } from "./errors.ts";
import { hashRecord, NO_HASH } from "./format.ts";
import { type JournalHead, type JournalRecord, MAX_DATA_LENGTH, type StoredRecord } from "./port.ts";

const TYPE = /^[a-z][a-z0-9_]{0,63}$/;
// Rows are taken in batches, so that no lock is held while somebody works on one of them; bounded by number and by size.
const BATCH_ROWS = 1024;
const BATCH_LENGTH = 1024 * 1024;

type Row = readonly SQLOutputValue[];

/**
 * The text of a record's data: JSON in ASCII alone, the rest as `\uXXXX`. It is the same whatever the encoding, and half as dear to hash.
 * @throws {RangeError} where the record is not as {@link JournalRecord} says: a defect of the caller.
 */
export function encodeData({ type, time, data }: JournalRecord): string {
  if (!TYPE.test(type)) refuse(`a type of lower case letters, digits and "_"`, JSON.stringify(type));
  if (!Number.isSafeInteger(time) || time < 0) refuse("a time in whole milliseconds", String(time));
  const text: string | undefined = JSON.stringify(data);
  if (!text?.startsWith("{")) return refuse(`a JSON object as data of ${type}`, text ?? "nothing");
  const ascii = text.replaceAll(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
  if (ascii.length > MAX_DATA_LENGTH)
    refuse(`at most ${MAX_DATA_LENGTH} characters of data in ${type}`, String(ascii.length));
  return ascii;
}

function refuse(expected: string, found: string): never {
  throw new RangeError(`Expected ${expected}, got ${found.slice(0, 200)}.`);
}

/** Where the journal says that it ends. */
export function readHead(database: DatabaseSync, path: string): JournalHead {
  const { length, hash } = database.prepare("SELECT length, hash FROM head").get() ?? {};
  if (typeof length === "number" && typeof hash === "string") return { length, hash };
  throw new JournalDamage(path, { position: 0, problem: "head", expected: "the journal's end", found: "none" });
}

/** Makes sure that the journal ends where it says that it does. */
export function checkHead(database: DatabaseSync, path: string, head: JournalHead): void {
  const last = database.prepare("SELECT position, hash FROM records ORDER BY position DESC LIMIT 1").get();
  const { position = 0, hash = NO_HASH } = last ?? {};
  if (position === head.length && hash === head.hash) return;
  const describe = (length: unknown, hash: unknown): string => `the end at ${String(length)} with hash ${String(hash)}`;
  const at = Math.min(head.length, Number(position)) + (position === head.length ? 0 : 1);
  const [expected, found] = [describe(head.length, head.hash), describe(position, hash)];
  throw new JournalDamage(path, { position: at, problem: "head", expected, found });
}

/** The records from position `from` to `head`, each verified. */
export function* readRecords(
  database: DatabaseSync,
  path: string,
  from: number,
  head: JournalHead,
): Generator<StoredRecord> {
  if (from > head.length) return;
  const batches = createBatches(database, path, head.length);
  let previous = from <= 1 ? NO_HASH : batches.hashAt(from - 1);
  for (let next = Math.max(from, 1); next <= head.length;) {
    const batch = batches.startingAt(next);
    if (batch.length === 0)
      throw damaged(path, { position: next, problem: "position", expected: `position ${next}`, found: "none" });
    for (const row of batch) {
      const record = verifyRow(path, row, { position: next, previous });
      yield record;
      previous = record.hash;
      next += 1;
    }
  }
  if (previous === head.hash) return;
  throw damaged(path, {
    position: head.length,
    problem: "head",
    expected: `hash ${head.hash}`,
    found: `hash ${previous}`,
  });
}

function createBatches(database: DatabaseSync, path: string, last: number) {
  const rows = database.prepare(
    "SELECT position, type, time, data, hash FROM records WHERE position BETWEEN ? AND ? ORDER BY position LIMIT ?",
  );
  rows.setReturnArrays(true);
  const take = (from: number): Row[] => {
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
  const hashOf = database.prepare("SELECT hash FROM records WHERE position = ?");
  return {
    startingAt: (from: number): Row[] => translateErrors(path, () => take(from), from),
    hashAt: (position: number): string => translateErrors(path, () => String(hashOf.get(position)?.["hash"]), position),
  };
}

function verifyRow(path: string, row: Row, at: { position: number; previous: string }): StoredRecord {
  const [position, type, time, data, stored] = row;
  if (position !== at.position) {
    const [expected, found] = [`position ${at.position}`, `position ${String(position)}`];
    throw damaged(path, { position: at.position, problem: "position", expected, found });
  }
  const hash = hashRecord({ ...at, time: time as number, type: type as string, data: data as string });
  if (hash !== stored) {
    const [expected, found] = [`a record with hash ${String(stored)}`, `one with hash ${hash}`];
    throw damaged(path, { position: at.position, problem: "hash", expected, found });
  }
  return {
    position: toPosition(at.position),
    type: type as string,
    time: time as number,
    data: parseData(path, at.position, data as string),
    hash,
  };
}

/** What the chain proves to be as written was an object when it was written; a forged chain can hold anything. */
function parseData(path: string, position: number, text: string): JournalRecord["data"] {
  try {
    const data: unknown = JSON.parse(text);
    if (typeof data === "object" && data !== null && !Array.isArray(data)) return data as JournalRecord["data"];
  } catch {
    // Said below: it is not JSON at all.
  }
  throw damaged(path, { position, problem: "hash", expected: "a JSON object", found: text.slice(0, 40) });
}

function damaged(path: string, damage: Damage): JournalDamage {
  return new JournalDamage(path, damage);
}
