import assert from "node:assert/strict";
import { chmodSync, readdirSync } from "node:fs";
import { dirname } from "node:path";
import { test } from "node:test";
import { CloisterError } from "@cloister/core";
import { openJournal, openJournalReader, verifyJournal } from "./index.ts";
import { recordOf } from "./testing/records.ts";
import { temporaryJournal } from "./testing/temporary-journal.ts";

test("a reader follows a writer", (context) => {
  const path = temporaryJournal(context, 3);
  const writer = openJournal(path);
  const reader = openJournalReader(path);
  assert.equal([...reader.read()].length, 3);
  assert.equal(reader.changed(), false);
  for (let length = 3; length < 10; length += 1) {
    writer.append([recordOf(length)], { expected: length });
    assert.equal(reader.changed(), true);
    assert.equal(reader.changed(), false);
    assert.deepEqual(
      [...reader.read({ from: length + 1 })].map((record) => record.data["index"]),
      [length],
    );
    assert.deepEqual([reader.length, reader.headHash], [writer.length, writer.headHash]);
  }
  reader.close();
  writer.close();
});

test("a reader that was there before the writer follows it, and after it the next one", (context) => {
  const path = temporaryJournal(context, 3);
  const reader = openJournalReader(path);
  for (let round = 0; round < 3; round += 1) {
    const writer = openJournal(path);
    writer.append([recordOf(writer.length)], { expected: writer.length });
    assert.equal(reader.changed(), true);
    assert.equal([...reader.read()].length, 4 + round);
    writer.close();
  }
  reader.close();
  openJournal(path).close();
  assert.deepEqual(readdirSync(dirname(path)), ["journal.db"]);
});

test("a reader in the middle of a reading holds up neither appends nor the close of the writer", (context) => {
  const path = temporaryJournal(context, 3000);
  const writer = openJournal(path);
  const reader = openJournalReader(path);
  const reading = reader.read()[Symbol.iterator]();
  reading.next();
  for (let count = 0; count < 50; count += 1) writer.append([recordOf(writer.length)], { expected: writer.length });
  writer.close();
  let read = 1;
  while (reading.next().done !== true) read += 1;
  assert.equal(read, 3000);
  reader.close();
  assert.equal(verifyJournal(path).ok, true);
});

test("reading makes no file, even where the journal was closed and nothing may be written", (context) => {
  const path = temporaryJournal(context, 3);
  chmodSync(path, 0o444);
  const reader = openJournalReader(path);
  assert.equal([...reader.read({ from: 2 })].length, 2);
  assert.deepEqual(readdirSync(dirname(path)), ["journal.db"]);
  reader.close();
  reader.close();
  assert.deepEqual(readdirSync(dirname(path)), ["journal.db"]);
});

test("a reader of a journal that is not there says so", (context) => {
  const path = temporaryJournal(context);
  assert.throws(
    () => openJournalReader(path),
    (error) => CloisterError.isInstance(error) && error.code === "run_not_found",
  );
});
