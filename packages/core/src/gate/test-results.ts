import type { TestResults } from "./result.ts";

/** How many tests ran: skipped ones did not. */
export function executedTests(results: TestResults): number {
  return results.passed + results.failed;
}

/** Names of the tests that failed, as far as the output names them, in its order. */
export function failingTests(results: TestResults | undefined): string[] {
  return Object.entries(results?.cases ?? {})
    .filter(([, status]) => status === "failed")
    .map(([name]) => name);
}

/** Tells whether every test that `results` counts is in its `cases` by name. */
export function namesEveryTest(results: TestResults): boolean {
  return results.partial === undefined && Object.keys(results.cases).length > 0;
}
