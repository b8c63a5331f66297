import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { openJournal, openJournalReader, verifyJournal } from "./index.ts";
import { recordOf } from "./testing/records.ts";
import { temporaryJournal } from "./testing/temporary-journal.ts";

const program = fileURLToPath(new URL("testing/append-loop.ts", import.meta.url));

/** Runs the appending program until it has said `bytes` of its lengths, kills it, and returns the last length that it acknowledged. */
async function appendUntilKilled(path: string, bytes: number): Promise<number> {
  const child = spawn(process.execPath, [program, path], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  for await (const chunk of child.stdout) {
    said += String(chunk);
    if (said.length >= bytes && child.exitCode === null) child.kill("SIGKILL");
  }
  if (child.signalCode === null) await once(child, "exit");
  return Number(said.slice(0, said.lastIndexOf("\n")).split("\n").at(-1) ?? 0);
}

test(
  "a writer that is killed again and again loses nothing that it acknowledged",
  { timeout: 120_000 },
  async (context) => {
    const path = temporaryJournal(context);
    let acknowledged = 0;
    for (const bytes of [1, 2, 5, 20, 60, 3, 150, 400, 10, 37, 90, 1000]) {
      acknowledged = Math.max(acknowledged, await appendUntilKilled(path, bytes));
      const verified = verifyJournal(path);
      assert.ok(verified.ok);
      assert.ok(verified.length >= acknowledged, `${verified.length} of ${acknowledged}`);
    }
    const journal = openJournal(path);
    assert.ok([...journal.read()].every((record) => record.data["index"] === record.position - 1));
    journal.append([recordOf(0)], { expected: journal.length });
    journal.close();
    assert.equal(verifyJournal(path).ok, true);
  },
);

test(
  "a copy of the file and its log has everything, and reading makes no file beside it",
  { timeout: 60_000 },
  async (context) => {
    const path = temporaryJournal(context);
    const acknowledged = await appendUntilKilled(path, 100);
    const copy = join(dirname(temporaryJournal(context, 0)), "copy.db");
    for (const suffix of ["", "-wal"]) copyFileSync(`${path}${suffix}`, `${copy}${suffix}`);
    const before = readdirSync(dirname(copy));
    const verified = verifyJournal(copy);
    assert.ok(verified.ok && verified.length >= acknowledged);
    const reader = openJournalReader(copy);
    assert.equal([...reader.read()].length, verified.length);
    assert.deepEqual(readdirSync(dirname(copy)), before);
    assert.equal(reader.changed(), false);

    const writer = openJournal(copy);
    writer.append([recordOf(0)], { expected: verified.length });
    assert.equal(reader.changed(), true, "a reader of a copy notices that somebody goes on with it");
    assert.equal(reader.length, verified.length + 1);
    reader.close();
    writer.close();
  },
);

test(
  "a copy without the log is what was folded in, whole, and reading makes no file beside it",
  { timeout: 60_000 },
  async (context) => {
    const path = temporaryJournal(context, 7);
    await appendUntilKilled(path, 100);
    assert.ok(existsSync(`${path}-wal`));
    rmSync(`${path}-wal`);
    rmSync(`${path}-shm`);
    const verified = verifyJournal(path);
    assert.ok(verified.ok && verified.length === 7);
    assert.deepEqual(readdirSync(dirname(path)), ["journal.db"]);
  },
);
