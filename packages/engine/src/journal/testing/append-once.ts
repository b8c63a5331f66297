// A program for the test of races: opens the journal that is its argument, says so, waits for a line, appends one record, and says how that ended.
import { CloisterError } from "@cloister/core";
import { openJournal } from "../index.ts";
import { recordOf } from "./records.ts";

const journal = openJournal(process.argv[2] ?? "");
process.stdout.write("open\n");
process.stdin.once("data", () => {
  try {
    journal.append([recordOf(journal.length)], { expected: journal.length });
    process.stdout.write("won\n");
  } catch (error: unknown) {
    process.stdout.write(`${CloisterError.isInstance(error) ? error.name : String(error)}\n`);
  }
  journal.close();
  process.exit();
});
