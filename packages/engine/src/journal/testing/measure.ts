// Measures the journal: node packages/engine/src/journal/testing/measure.ts [RECORDS]
// Writes RECORDS (100,000 unless given) of about 250 bytes to a temporary folder, opens, reads, parses and verifies them 5 times, and appends one by one.
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openJournal, openJournalReader, verifyJournal } from "../index.ts";
import { recordOf } from "./records.ts";

const count = Number(process.argv[2] ?? 100_000);
const folder = mkdtempSync(join(tmpdir(), "cloister-measure-"));
const path = join(folder, "journal.db");
const say = (line: string): boolean => process.stdout.write(`${line}\n`);

const journal = openJournal(path, { create: true });
const writing = timed(() =>
  journal.append(
    Array.from({ length: count }, (_, index) => recordOf(index)),
    { expected: 0 },
  ),
);
journal.close();
say(`${count} records, ${(statSync(path).size / 1e6).toFixed(1)} MB, written at once in ${writing.toFixed(0)} ms`);

for (let round = 0; round < 5; round += 1) {
  const cpu = process.cpuUsage();
  const reading = timed(() => {
    const reopened = openJournal(path);
    let read = 0;
    for (const record of reopened.read()) read += record.data["text"] === undefined ? 0 : 1;
    reopened.close();
    if (read !== count) throw new Error(`Expected ${count} records, read ${read}.`);
  });
  const { user, system } = process.cpuUsage(cpu);
  say(
    `opened, read, parsed and verified in ${reading.toFixed(0)} ms (${((user + system) / 1000).toFixed(0)} ms of processor time)`,
  );
}
say(`verifyJournal: ${timed(() => verifyJournal(path)).toFixed(0)} ms`);

const writer = openJournal(path);
const appends = Array.from({ length: 200 }, (_, index) =>
  timed(() => writer.append([recordOf(index)], { expected: writer.length })),
).sort((left, right) => left - right);
say(`append of one record: ${(appends[100] ?? 0).toFixed(2)} ms, 95 %: ${(appends[190] ?? 0).toFixed(2)} ms`);
const reader = openJournalReader(path);
say(`changed(): ${timed(() => Array.from({ length: 1000 }, () => reader.changed())).toFixed(1)} µs`);
reader.close();
writer.close();
rmSync(folder, { recursive: true });

function timed(act: () => void): number {
  const from = performance.now();
  act();
  return performance.now() - from;
}
