import { CloisterError } from "@cloister/core";

/** What is wrong with a journal. */
export type DamageProblem =
  /** It is not a journal, can't be read, or its tables are not those of its format. */
  | "file"
  /** It has a format that this version does not know. */
  | "format"
  /** A record is missing, or stands where it does not belong. */
  | "position"
  /** A record is not what was written. */
  | "hash"
  /** The journal does not end where it says that it does. */
  | "head";

/** Details of a {@link JournalDamage}. */
export type Damage = {
  readonly position: number;
  readonly problem: DamageProblem;
  readonly expected: string;
  readonly found: string;
};

/** The journal is not as it was written. */
export class JournalDamage extends CloisterError {
  /** The first position that is damaged; 0 where it is the file as a whole. */
  readonly position: number;
  readonly problem: DamageProblem;
  readonly expected: string;
  readonly found: string;

  constructor(path: string, { position, problem, expected, found }: Damage, cause?: unknown) {
    const place = position === 0 ? "" : ` at position ${position}`;
    super({
      code: "journal_damaged",
      message: `The journal is damaged${place}: expected ${expected}, found ${found}.`,
      remedy: REMEDIES[problem],
      file: path,
      cause,
    });
    this.name = "JournalDamage";
    this.position = position;
    this.problem = problem;
    this.expected = expected;
    this.found = found;
  }
}

const RESTORE =
  "Restore the file and its -wal sidecar from a copy, or start a new run: the work itself is on the run's branch.";
const REMEDIES: Readonly<Record<DamageProblem, string>> = {
  file: RESTORE,
  format: "Use the version of Cloister that wrote it, or a newer one.",
  position: RESTORE,
  hash: RESTORE,
  head: RESTORE,
};

/** Somebody else has written to the journal: this writer's view of it is out of date. */
export class JournalConflict extends CloisterError {
  /** The length that the writer expected, and the one that the journal has. */
  readonly expected: number;
  readonly found: number;

  constructor(path: string, expected: number, found: number) {
    super({
      code: "run_busy",
      message: `Another process writes to this run: expected ${expected} records in its journal, found ${found}.`,
      remedy: "See `cloister status`; only one process can drive a run.",
      file: path,
    });
    this.name = "JournalConflict";
    this.expected = expected;
    this.found = found;
  }
}

// Primary result codes of SQLite, and the one extended code that a file cut short gives.
const [BUSY, LOCKED, CORRUPT, NOT_A_DATABASE] = [5, 6, 11, 26];
const SHORT_READ = 522;

/**
 * Does `act`, and turns what SQLite throws into what a person can act upon.
 * @param position the record that `act` is about, for a {@link JournalDamage}; 0 for the file as a whole.
 */
export function translateErrors<Value>(path: string, act: () => Value, position: number = 0): Value {
  try {
    return act();
  } catch (error: unknown) {
    throw translate(path, error, position);
  }
}

function translate(path: string, error: unknown, position: number): unknown {
  if (!(error instanceof Error) || CloisterError.isInstance(error)) return error;
  const { errcode = 0, code } = error as Error & { errcode?: number; code?: string };
  const primary = errcode & 0xff;
  if (primary === BUSY || primary === LOCKED) {
    const remedy = "Wait until the other process has ended, then try again.";
    return new CloisterError({
      code: "run_busy",
      message: "Another process holds the journal.",
      remedy,
      file: path,
      cause: error,
    });
  }
  const isUnreadable = primary === CORRUPT || primary === NOT_A_DATABASE || errcode === SHORT_READ;
  // A changed number can be too great for JavaScript.
  if (!isUnreadable && code !== "ERR_OUT_OF_RANGE") return error;
  const damage = { position, problem: "file", expected: "a journal", found: error.message } as const;
  return new JournalDamage(path, damage, error);
}
