/** Codes of the errors that a user can cause and mend. Each has its own exit code in `end-reason.ts`. */
export type ErrorCode =
  | "usage_invalid"
  | "plan_invalid"
  | "config_invalid"
  | "repository_invalid"
  | "agent_unavailable"
  | "journal_damaged"
  | "run_not_found"
  | "run_busy"
  | "git_failed"
  | "setup_failed"
  | "credential_invalid"
  | "gateway_failed"
  | "machine_unavailable"
  | "machine_unsupported"
  | "machine_not_found"
  | "machine_failed"
  | "image_invalid"
  | "resources_short";

/** Details of a {@link CloisterError}. */
export type ErrorDetails = {
  readonly code: ErrorCode;
  /** What was expected, what came. One sentence each. */
  readonly message: string;
  /** What to do about it. */
  readonly remedy?: string;
  /** Where it is: a file, and a line in it (from 1). */
  readonly file?: string;
  readonly line?: number;
  readonly cause?: unknown;
};

/** An error that a person can act upon: it says what was expected, what came and what to do. */
export class CloisterError extends Error {
  readonly code: ErrorCode;
  readonly remedy: string | undefined;
  readonly file: string | undefined;
  readonly line: number | undefined;
  /** Marks it across realms and duplicate copies of this package, where `instanceof` fails. */
  readonly isCloisterError: true = true;

  constructor({ code, message, remedy, file, line, cause }: ErrorDetails) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "CloisterError";
    this.code = code;
    this.remedy = remedy;
    this.file = file;
    this.line = line;
  }

  /** Tells whether `value` is a CloisterError. */
  static isInstance(value: unknown): value is CloisterError {
    return typeof value === "object" && value !== null && "isCloisterError" in value;
  }

  /** The error as one line for people: `plan.md:12: message Remedy.` */
  describe(): string {
    const place = this.file === undefined ? "" : `${this.file}${this.line === undefined ? "" : `:${this.line}`}: `;
    return `${place}${this.message}${this.remedy === undefined ? "" : ` ${this.remedy}`}`;
  }
}

/** Throws for a state that the types say cannot be: the last branch of every switch over a union. */
export function assertNever(value: never, where: string): never {
  throw new Error(`${where}: unexpected ${JSON.stringify(value)}`);
}
