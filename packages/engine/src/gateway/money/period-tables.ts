import { DatabaseSync, type SQLInputValue, type SQLOutputValue } from "node:sqlite";
import { type Amount, CloisterError, type MicroUsd, type WarnedLimits } from "@cloister/core";

/** Names one promise: of one request, to one budget. */
export type ReservationName = { readonly owner: string; readonly request: string; readonly key: string };

/** The tables of the period book. What changes them is called within {@link PeriodTables.write}. */
export interface PeriodTables {
  /** Does `act` as one transaction, alone among all processes. @throws CloisterError `gateway_failed` where the file can't be had. */
  write<Value>(act: () => Value): Value;
  spent(key: string): Amount;
  reserved(key: string): { readonly reserved: Amount; readonly inFlight: number };
  reserve(name: ReservationName, amount: Amount, holder: string): void;
  /** @returns false where there is no such promise. */
  unreserve(name: ReservationName): boolean;
  /** Adds to what an owner spent. */
  spend(owner: string, key: string, amount: Amount): void;
  /** Deletes all that is known of an owner. */
  forget(owner: string): void;
  /** Processes that were promised something. */
  holders(): readonly string[];
  /** Turns what a process was promised into spending of the promises' owners. */
  chargeReserved(holder: string): void;
  warned(key: string): WarnedLimits;
  warn(key: string, limits: WarnedLimits): void;
  close(): void;
}

/** How long to wait for another process, in ms. Transactions take less than one. */
const BUSY_MS = 5000;
const FORMAT = 1;
const SCHEMA = `
  CREATE TABLE spent (key TEXT, owner TEXT, cost INTEGER NOT NULL, tokens INTEGER NOT NULL, PRIMARY KEY (key, owner)) STRICT, WITHOUT ROWID;
  CREATE TABLE reserved (key TEXT, owner TEXT, request TEXT, cost INTEGER NOT NULL, tokens INTEGER NOT NULL, holder TEXT NOT NULL,
    PRIMARY KEY (key, owner, request)) STRICT, WITHOUT ROWID;
  CREATE TABLE warned (key TEXT PRIMARY KEY, cost INTEGER NOT NULL, tokens INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  PRAGMA user_version = ${FORMAT};
`;
const SPEND = `ON CONFLICT DO UPDATE SET cost = spent.cost + excluded.cost, tokens = spent.tokens + excluded.tokens`;

type Row = Record<string, SQLOutputValue>;

/** Opens the tables at `path`, made where there are none. @throws CloisterError `gateway_failed` */
export function openPeriodTables(path: string): PeriodTables {
  return translating(path, () => {
    const database = new DatabaseSync(path, { timeout: BUSY_MS });
    try {
      return new SqlitePeriodTables(database, path);
    } catch (error: unknown) {
      database.close();
      throw error;
    }
  });
}

class SqlitePeriodTables implements PeriodTables {
  readonly #database: DatabaseSync;
  readonly #path: string;

  constructor(database: DatabaseSync, path: string) {
    this.#database = database;
    this.#path = path;
    this.write(() => this.#prepare());
    // Not synchronous to the disk: what a power cut takes, the journals of the runs know.
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
  }

  write<Value>(act: () => Value): Value {
    return translating(this.#path, () => {
      this.#database.exec("BEGIN IMMEDIATE");
      try {
        const value = act();
        this.#database.exec("COMMIT");
        return value;
      } catch (error: unknown) {
        if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
        throw error;
      }
    });
  }

  spent(key: string): Amount {
    return toAmount(this.#one("SELECT sum(cost) AS cost, sum(tokens) AS tokens FROM spent WHERE key = ?", key));
  }

  reserved(key: string): { readonly reserved: Amount; readonly inFlight: number } {
    const sums = "SELECT sum(cost) AS cost, sum(tokens) AS tokens, count(*) AS count FROM reserved WHERE key = ?";
    const row = this.#one(sums, key);
    return { reserved: toAmount(row), inFlight: Number(row["count"]) };
  }

  reserve({ owner, request, key }: ReservationName, { cost, tokens }: Amount, holder: string): void {
    this.#run("INSERT INTO reserved VALUES (?, ?, ?, ?, ?, ?)", key, owner, request, cost, tokens, holder);
  }

  unreserve({ owner, request, key }: ReservationName): boolean {
    return this.#run("DELETE FROM reserved WHERE key = ? AND owner = ? AND request = ?", key, owner, request) > 0;
  }

  spend(owner: string, key: string, { cost, tokens }: Amount): void {
    this.#run(`INSERT INTO spent VALUES (?, ?, ?, ?) ${SPEND}`, key, owner, cost, tokens);
  }

  forget(owner: string): void {
    this.#run("DELETE FROM spent WHERE owner = ?", owner);
    this.#run("DELETE FROM reserved WHERE owner = ?", owner);
  }

  holders(): readonly string[] {
    return this.#all("SELECT DISTINCT holder FROM reserved").map(({ holder }) => String(holder));
  }

  chargeReserved(holder: string): void {
    const sums = "SELECT key, owner, sum(cost), sum(tokens) FROM reserved WHERE holder = ? GROUP BY key, owner";
    this.#run(`INSERT INTO spent ${sums} ${SPEND}`, holder);
    this.#run("DELETE FROM reserved WHERE holder = ?", holder);
  }

  warned(key: string): WarnedLimits {
    return toAmount(this.#all("SELECT cost, tokens FROM warned WHERE key = ?", key)[0] ?? {});
  }

  warn(key: string, { cost, tokens }: WarnedLimits): void {
    this.#run("INSERT OR REPLACE INTO warned VALUES (?, ?, ?)", key, cost, tokens);
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  #prepare(): void {
    const version = Number(this.#one("PRAGMA user_version")["user_version"]);
    if (version === FORMAT) return;
    const tables = Number(this.#one("SELECT count(*) AS count FROM sqlite_schema")["count"]);
    if (version !== 0 || tables > 0) throw unusable(this.#path, `expected format ${FORMAT}, found ${version}`);
    this.#database.exec(SCHEMA);
  }

  #all(sql: string, ...values: readonly SQLInputValue[]): readonly Row[] {
    return translating(this.#path, () => this.#database.prepare(sql).all(...values));
  }

  #one(sql: string, ...values: readonly SQLInputValue[]): Row {
    return this.#all(sql, ...values)[0] ?? {};
  }

  #run(sql: string, ...values: readonly SQLInputValue[]): number {
    return Number(this.#database.prepare(sql).run(...values).changes);
  }
}

/** Sums of no rows are NULL, which stands for nothing. */
function toAmount(row: Row): Amount {
  return { cost: Number(row["cost"] ?? 0) as MicroUsd, tokens: Number(row["tokens"] ?? 0) };
}

/** What SQLite throws, as something that a person can act upon. Defects pass as they are. */
function translating<Value>(path: string, act: () => Value): Value {
  try {
    return act();
  } catch (error: unknown) {
    const isSqlite = error instanceof Error && (error as NodeJS.ErrnoException).code === "ERR_SQLITE_ERROR";
    throw isSqlite ? unusable(path, error.message, error) : error;
  }
}

function unusable(path: string, why: string, cause?: Error): CloisterError {
  return new CloisterError({
    code: "gateway_failed",
    message: `The book of what is spent in a day and a month can't be used: ${why}.`,
    remedy: "Wait for other Cloister processes to end, or move the file away to begin a new one.",
    file: path,
    cause,
  });
}
