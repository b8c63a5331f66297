import type { Finding } from "./finding.ts";
import { findRemovedTests } from "./removed-tests.ts";
import type { GateResult, TestResults } from "./result.ts";
import { executedTests, namesEveryTest } from "./test-results.ts";

/** How many names a message lists. */
const LISTED = 5;

/**
 * What became of the tests that ran on the base: gone, skipped or fewer. Names are compared where the same reader named every test
 * on both sides; otherwise only the counts are.
 * @param baseline undefined where the base's output was not readable: nothing can be said then.
 * @param now undefined where this output is not readable. That counts as tests that no longer run.
 */
export function compareTests(baseline: TestResults | undefined, now: TestResults | undefined): Finding[] {
  if (baseline === undefined || executedTests(baseline) === 0) return [];
  if (now === undefined) return [fewer(executedTests(baseline), 0)];
  if (!isComparable(baseline, now)) return compareCounts(baseline, now);
  const removed = findRemovedTests(Object.keys(baseline.cases), Object.keys(now.cases));
  const skipped = Object.keys(baseline.cases).filter(
    (name) => baseline.cases[name] !== "skipped" && now.cases[name] === "skipped",
  );
  const lost = executedTests(baseline) - executedTests(now);
  return [
    ...list("tests_removed", removed, "ran on the base and is gone: put it back."),
    ...list("tests_skipped", skipped, "ran on the base and is skipped now: let it run."),
    ...(lost > removed.length + skipped.length ? [fewer(executedTests(baseline), executedTests(now))] : []),
  ];
}

/**
 * {@link compareTests} on two executions of a gate. A gate that is inconclusive, or red without readable tests (a build error),
 * has a verdict that says so by itself: then there is no finding.
 */
export function compareGateTests(baseline: GateResult | undefined, now: GateResult): Finding[] {
  if (now.verdict === "inconclusive" || (now.verdict === "failed" && now.tests === undefined)) return [];
  return compareTests(baseline?.tests, now.tests);
}

/** Names of tests that were not there on the base. Empty where one side does not name every test (zero tests are all named). */
export function newTests(baseline: TestResults | undefined, now: TestResults | undefined): string[] {
  if (baseline === undefined || now === undefined || now.partial !== undefined || baseline.partial !== undefined)
    return [];
  if (Object.keys(baseline.cases).length === 0 && executedTests(baseline) + baseline.skipped > 0) return [];
  return Object.keys(now.cases).filter((name) => !Object.hasOwn(baseline.cases, name));
}

function isComparable(baseline: TestResults, now: TestResults): boolean {
  return baseline.runner === now.runner && namesEveryTest(baseline) && namesEveryTest(now);
}

function compareCounts(baseline: TestResults, now: TestResults): Finding[] {
  const [before, after] = [executedTests(baseline), executedTests(now)];
  if (after >= before) return [];
  const moreSkipped = now.skipped - baseline.skipped;
  if (baseline.runner !== now.runner || moreSkipped < before - after) return [fewer(before, after)];
  const message = `${moreSkipped} more tests are skipped than on the base, and ${before - after} fewer run: let them run.`;
  return [{ name: "tests_skipped", message }];
}

function fewer(before: number, after: number): Finding {
  const now = after === 0 ? "none can be seen to run now" : `${after} run now`;
  return { name: "fewer_tests", message: `${before} tests ran on the base, ${now}: let all of them run.` };
}

function list(name: Finding["name"], tests: readonly string[], what: string): Finding[] {
  return tests.slice(0, LISTED).map((test, index) => {
    const more = index === LISTED - 1 && tests.length > LISTED ? ` (and ${tests.length - LISTED} more tests)` : "";
    return { name, message: `Test "${test}" ${what}${more}` };
  });
}
