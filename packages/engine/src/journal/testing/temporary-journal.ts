import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { openJournal } from "../open-journal.ts";
import { recordOf } from "./records.ts";

/** The path of a journal in a folder of its own, which goes with the test; closed, with `count` records, or not there yet where `count` is not given. */
export function temporaryJournal(context: TestContext, count?: number): string {
  const folder = mkdtempSync(join(tmpdir(), "cloister-journal-test-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "journal.db");
  if (count === undefined) return path;
  const journal = openJournal(path, { create: true });
  journal.append(
    Array.from({ length: count }, (_, index) => recordOf(index)),
    { expected: 0 },
  );
  journal.close();
  return path;
}
