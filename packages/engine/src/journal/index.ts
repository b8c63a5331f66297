export type { Damage, DamageProblem } from "./errors.ts";
export { JournalConflict } from "./errors.ts";
export { openJournal } from "./open-journal.ts";
export { openJournalReader } from "./open-journal-reader.ts";
export type { Journal, JournalHead, JournalReader, JournalRecord, StoredRecord } from "./port.ts";
export type { Verification } from "./verify-journal.ts";
export { verifyJournal } from "./verify-journal.ts";
