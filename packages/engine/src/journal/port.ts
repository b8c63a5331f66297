import type { Position } from "@cloister/core";

/** What is written down. The journal knows no meaning of it. */
export type JournalRecord = {
  /** Lower case letters, digits and `_`, 64 at most. */
  readonly type: string;
  /** Milliseconds since 1970, UTC. */
  readonly time: number;
  /** A JSON object of at most {@link MAX_DATA_LENGTH} characters as text. */
  readonly data: Readonly<Record<string, unknown>>;
};

/** What was written down, and where. */
export type StoredRecord = JournalRecord & {
  readonly position: Position;
  /** The head of the chain up to this record, in hexadecimal. */
  readonly hash: string;
};

/** Where the journal ends. */
export type JournalHead = { readonly length: number; readonly hash: string };

/** What `data` may be at most, as JSON text, in characters: what is bigger belongs into the evidence store. */
export const MAX_DATA_LENGTH: number = 16 * 1024 * 1024;

/** How records are appended. */
export type AppendOptions = {
  /** The journal's length. */
  readonly expected: number;
  /** False: they survive the end of this process, and the failure of power once {@link Journal.sync} has resolved. Left out: true. */
  readonly durable?: boolean;
};

/**
 * The one who writes. Owns: order, durability and the hash chain. Its neighbour, `loop/`, owns the meaning of the records.
 *
 * Invariants:
 * J1. When `append` returns, the records are on the disk: power may fail. Of those appended with `durable: false` this holds when a
 *     `sync` that was called afterwards resolves, or a later `append` that is durable returns.
 * J2. Positions are dense, from 1; of those who append at one length, exactly one succeeds.
 * J3. A record that was written never changes; one that was changed by other means is found when it is read.
 */
export interface Journal {
  /** How many records there are, as far as this writer knows: at the opening, and after its own appends. */
  readonly length: number;
  /** The hash of the last record; 64 zeros for none. */
  readonly headHash: string;
  /**
   * Writes `records`, all or none, as one transaction.
   * @throws {JournalConflict} where the journal's length is not `expected`: somebody else has written to it.
   * @throws {CloisterError} `run_busy` where somebody holds the file for more than 5 s.
   * @throws {RangeError} for a record that is not as {@link JournalRecord} says.
   */
  append(records: readonly JournalRecord[], options: AppendOptions): void;
  /**
   * Resolves when everything that was appended before the call is on the disk; waits for it outside of this thread.
   * Once it has failed nobody knows what the disk holds: it fails from then on, as does `append`.
   * @throws the system's error, such as `EIO`.
   */
  sync(): Promise<void>;
  /**
   * The records from position `from` (1 unless given) to the end as it is at the first step, in order; each is verified before it is given out.
   * Holds no lock between two of them.
   * @throws {JournalDamage} at the first record that is not what was written.
   */
  read(options?: { readonly from?: number }): Iterable<StoredRecord>;
  /** Folds the sidecar files into the journal's one file, unless a reader is connected. Idempotent. */
  close(): void;
}

/** One who reads while another may write. Creates no file, and holds up nobody. */
export interface JournalReader {
  /** How many records there are now. */
  readonly length: number;
  /** The hash of the last record now. */
  readonly headHash: string;
  /** See {@link Journal.read}. */
  read(options?: { readonly from?: number }): Iterable<StoredRecord>;
  /** Tells whether something may have been written since the opening or the last call. Costs microseconds. */
  changed(): boolean;
  close(): void;
}
