import { type Damage, JournalDamage, translateErrors } from "./errors.ts";
import { checkFormat } from "./format.ts";
import { checkExists } from "./open-journal.ts";
import { openReadOnly } from "./open-read-only.ts";
import type { JournalHead } from "./port.ts";
import { checkHead, readHead, readRecords } from "./records.ts";

/** What a verification found: where the journal ends, or the first thing that is not as it was written. */
export type Verification =
  | { readonly ok: true; readonly length: number; readonly headHash: string }
  | ({ readonly ok: false } & Damage);

/**
 * Verifies every record of a journal. Changes nothing, and makes no file beside it.
 * @throws {CloisterError} `run_not_found` where there is no file, `run_busy` where somebody holds it. Damage is a result, not an error.
 */
export function verifyJournal(path: string): Verification {
  checkExists(path);
  try {
    const { length, hash } = translateErrors(path, () => verifyAll(path));
    return { ok: true, length, headHash: hash };
  } catch (error: unknown) {
    if (!(error instanceof JournalDamage)) throw error;
    const { position, problem, expected, found } = error;
    return { ok: false, position, problem, expected, found };
  }
}

function verifyAll(path: string): JournalHead {
  const source = openReadOnly(path);
  try {
    checkFormat(source.database, path);
    const file = { database: source.database, path };
    const head = readHead(file);
    for (const _ of readRecords(file, 1, head)) continue; // Each is verified on the way.
    checkHead(file, head);
    return head;
  } finally {
    source.close();
  }
}
