// A program for the crash test: appends to the journal that is its argument, one to three records at a time, and says each length that was acknowledged,
// until it is killed.
import { writeSync } from "node:fs";
import { openJournal } from "../index.ts";
import { recordOf } from "./records.ts";

const journal = openJournal(process.argv[2] ?? "", { create: true });
for (;;) {
  const count = 1 + (journal.length % 3);
  const records = Array.from({ length: count }, (_, index) => recordOf(journal.length + index));
  journal.append(records, { expected: journal.length });
  writeSync(1, `${journal.length}\n`);
}
