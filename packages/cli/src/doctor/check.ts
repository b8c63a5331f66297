/** What a check of `cloister doctor` needs and says. */

/** What a check stands on. */
export type CheckContext = {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly interactive: boolean;
  readonly columns: number;
};

/** `warn`: works, with something missing. `fail`: must be mended before a run. */
export type CheckResult = {
  readonly level: "ok" | "warn" | "fail";
  /** What was found, in one sentence or less. */
  readonly found: string;
  readonly remedy?: string;
};

/** One row of `cloister doctor`. */
export type Check = {
  readonly name: string;
  readonly run: (context: CheckContext) => CheckResult | Promise<CheckResult>;
};

/** A check's result with its name. */
export type CheckedRow = CheckResult & { readonly name: string };

/** All is well. */
export function ok(found: string): CheckResult {
  return { level: "ok", found };
}

/** It works, with something missing. */
export function warn(found: string, remedy: string): CheckResult {
  return { level: "warn", found, remedy };
}

/** It must be mended first. */
export function fail(found: string, remedy: string): CheckResult {
  return { level: "fail", found, remedy };
}

/** Runs checks side by side; a check that throws has failed. In the order of `checks`. */
export function runChecks(checks: readonly Check[], context: CheckContext): Promise<CheckedRow[]> {
  return Promise.all(
    checks.map(async ({ name, run }) => {
      try {
        return { name, ...(await run(context)) };
      } catch (error: unknown) {
        return { name, ...fail(error instanceof Error ? error.message : String(error), "See the message.") };
      }
    }),
  );
}
