export type { Damage, DamageProblem } from "./errors.ts";
export { JournalConflict, JournalDamage } from "./errors.ts";
export { READABLE_FORMATS, WRITTEN_FORMAT } from "./format.ts";
export { openJournal } from "./open-journal.ts";
export { openJournalReader } from "./open-journal-reader.ts";
export type { Journal, JournalHead, JournalReader, JournalRecord, StoredRecord } from "./port.ts";
export { MAX_DATA_LENGTH } from "./port.ts";
export type { Verification } from "./verify-journal.ts";
export { verifyJournal } from "./verify-journal.ts";
