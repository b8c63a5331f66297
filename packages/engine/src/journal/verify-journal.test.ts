import assert from "node:assert/strict";
import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { CloisterError } from "@cloister/core";
import { type DamageProblem, openJournal, openJournalReader, verifyJournal } from "./index.ts";
import { temporaryJournal } from "./testing/temporary-journal.ts";

const PAGE_BYTES = 4096;

/** Changes a journal as somebody would who wants to leave no trace: the triggers are there again afterwards. */
function tamper(path: string, ...changes: string[]): void {
  const database = new DatabaseSync(path);
  const triggers = database.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").all();
  for (const { name } of triggers) database.exec(`DROP TRIGGER ${String(name)}`);
  for (const change of changes) database.exec(change);
  for (const { sql } of triggers) database.exec(String(sql));
  database.close();
}

const swap = (columns: readonly string[]): string[] => [
  "CREATE TEMP TABLE kept AS SELECT * FROM records WHERE position IN (4, 5)",
  `UPDATE records SET ${columns.map((column) => `${column} = (SELECT ${column} FROM kept WHERE kept.position = 9 - records.position)`).join(", ")} WHERE position IN (4, 5)`,
  "DROP TABLE kept",
];

const damages: readonly (readonly [
  name: string,
  changes: readonly string[],
  position: number,
  problem: DamageProblem,
])[] = [
  ["a changed type", ["UPDATE records SET type = 'gate_endex' WHERE position = 5"], 5, "hash"],
  ["a changed time", ["UPDATE records SET time = time + 1 WHERE position = 5"], 5, "hash"],
  ["a time beyond what is exact", ["UPDATE records SET time = 9007199254740993 WHERE position = 5"], 5, "file"],
  ["changed data", ["UPDATE records SET data = replace(data, 'Tests: 4', 'Tests: 5') WHERE position = 5"], 5, "hash"],
  ["a space in the data, that no parser sees", ["UPDATE records SET data = data || ' ' WHERE position = 5"], 5, "hash"],
  ["a changed hash", ["UPDATE records SET hash = replace(hash, 'a', 'b') WHERE position = 5"], 5, "hash"],
  ["a changed position", ["UPDATE records SET position = 99 WHERE position = 5"], 5, "position"],
  ["the first record removed", ["DELETE FROM records WHERE position = 1"], 1, "position"],
  ["a record removed from the middle", ["DELETE FROM records WHERE position = 5"], 5, "position"],
  ["the last record removed", ["DELETE FROM records WHERE position = 9"], 9, "position"],
  ["all records removed", ["DELETE FROM records"], 1, "position"],
  [
    "a record removed and the rest moved up",
    [
      "DELETE FROM records WHERE position = 5",
      ...[6, 7, 8, 9].map((from) => `UPDATE records SET position = ${from - 1} WHERE position = ${from}`),
    ],
    5,
    "hash",
  ],
  ["two records swapped", swap(["type", "time", "data"]), 4, "hash"],
  ["two records swapped with their hashes", swap(["type", "time", "data", "hash"]), 4, "hash"],
  ["a replaced record", ["INSERT OR REPLACE INTO records VALUES (5, 'a', 1, '{}', 'x')"], 5, "hash"],
  ["a record added past the end", ["INSERT INTO records VALUES (10, 'a', 1, '{}', 'x')"], 10, "head"],
  ["a changed head", ["UPDATE head SET hash = replace(hash, 'a', 'b')"], 9, "head"],
  [
    "a head that is set back",
    ["UPDATE head SET (length, hash) = (SELECT position, hash FROM records WHERE position = 7)"],
    8,
    "head",
  ],
  ["no head", ["DELETE FROM head"], 0, "head"],
];
for (const [name, changes, position, problem] of damages) {
  test(`finds ${name}`, (context) => {
    const path = temporaryJournal(context, 9);
    tamper(path, ...changes);
    const result = verifyJournal(path);
    assert.ok(!result.ok);
    assert.deepEqual({ position: result.position, problem: result.problem }, { position, problem });
    assert.notEqual(result.expected, result.found);
    const isDamage = (error: unknown): boolean => CloisterError.isInstance(error) && error.code === "journal_damaged";
    assert.throws(() => [...openJournal(path).read()], isDamage);
    assert.throws(() => {
      const reader = openJournalReader(path);
      try {
        // What stands past the end is no part of what a reader gives out; the writer and the verification look there.
        if ([...reader.read()].length === position - 1)
          throw new CloisterError({ code: "journal_damaged", message: "past the end" });
      } finally {
        reader.close();
      }
    }, isDamage);
  });
}

test("an untouched journal verifies, and so does one that was put back", (context) => {
  const path = temporaryJournal(context, 9);
  const verified = verifyJournal(path);
  assert.ok(verified.ok);
  tamper(path, "UPDATE records SET time = time + 1 WHERE position = 5");
  tamper(path, "UPDATE records SET time = time - 1 WHERE position = 5");
  assert.deepEqual(verifyJournal(path), verified);
});

test("finds every single byte that is changed among the records in the file", { timeout: 120_000 }, (context) => {
  const path = temporaryJournal(context, 3);
  const whole = readFileSync(path);
  // SQLite fills a page from its end: from the text of the last record to the end of the page there are records, and nothing else.
  const begin = Math.min(whole.indexOf("agent_said"), whole.indexOf("gate_ended"));
  const end = Math.ceil(begin / PAGE_BYTES) * PAGE_BYTES;
  assert.ok(end - begin > 500);
  for (let at = begin; at < end; at += 1) {
    const changed = Buffer.from(whole);
    changed.writeUInt8(whole.readUInt8(at) ^ 1, at);
    writeFileSync(path, changed);
    assert.equal(verifyJournal(path).ok, false, `byte ${at}`);
  }
});

const cuts: readonly (readonly [name: string, keep: (size: number) => number])[] = [
  ["nothing", () => 0],
  ["half a header", () => 50],
  ["less than a page", () => 3000],
  ["a page", () => 4096],
  ["half", (size) => Math.floor(size / 2)],
  ["all but a byte", (size) => size - 1],
];
for (const [name, keep] of cuts) {
  test(`a file of which ${name} is left is damaged, not an internal error`, (context) => {
    const path = temporaryJournal(context, 100);
    truncateSync(path, keep(readFileSync(path).length));
    const result = verifyJournal(path);
    assert.equal(result.ok, false);
    assert.throws(
      () => [...openJournal(path).read()],
      (error) => CloisterError.isInstance(error) && error.code === "journal_damaged",
    );
  });
}
