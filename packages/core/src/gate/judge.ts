import { describeDuration } from "../duration.ts";
import type { GateSpec } from "../plan/plan.ts";
import type { GateOutcome, GateResult, JudgedGate, TestResults } from "./result.ts";
import { executedTests, failingTests } from "./test-results.ts";

/** What is judged: a gate, what it says now, and what it said of the base commit (undefined where it did not run there). */
export type GateJudgement = {
  readonly spec: GateSpec;
  readonly result: GateResult;
  readonly baseline: GateResult | undefined;
};

/** What an execution of a gate means for a task (I2, I3): only new failures block, and only what was seen to pass proves. */
export function judgeGate({ spec, result, baseline }: GateJudgement): JudgedGate {
  const base = spec.required === true ? undefined : baseline;
  const known = new Set(failingTests(base?.tests));
  const failing = failingTests(result.tests);
  const { tests } = result;
  return {
    gate: spec.name,
    outcome: toOutcome(result, base),
    ...(result.inconclusive === undefined ? {} : { inconclusive: result.inconclusive }),
    newFailures: failing.filter((name) => !known.has(name)),
    oldFailures: failing.filter((name) => known.has(name)),
    ...(tests === undefined ? {} : { counts: { passed: tests.passed, failed: tests.failed, skipped: tests.skipped } }),
    durationMs: result.durationMs,
    output: result.output,
    excerpt: result.excerpt,
  };
}

/** Tells whether judged gates prove a task: at least one passed, and none failed or could not say. */
export function gatesProve(judged: readonly JudgedGate[]): boolean {
  const isOpen = ({ outcome }: JudgedGate): boolean => outcome === "failed" || outcome === "inconclusive";
  return judged.some(({ outcome }) => outcome === "passed") && !judged.some(isOpen);
}

/** One line for people: `tests: failed, 2 new failures (31 passed, 2 failed), 4.2s`. */
export function describeGate(judged: JudgedGate): string {
  const { counts, newFailures, oldFailures } = judged;
  const parts = [
    `${judged.gate}: ${describeOutcome(judged)}`,
    newFailures.length === 0 ? "" : `, ${plural(newFailures.length, "new failure")}`,
    oldFailures.length === 0 ? "" : `, ${plural(oldFailures.length, "old failure")}`,
    counts === undefined ? "" : ` (${describeCounts(counts)})`,
    `, ${describeDuration(judged.durationMs)}`,
  ];
  return parts.join("");
}

function toOutcome(result: GateResult, baseline: GateResult | undefined): GateOutcome {
  if (result.verdict !== "failed") return result.verdict;
  return baseline?.verdict === "failed" ? toOutcomeOfRedOnRed(result.tests, baseline.tests) : "failed";
}

/** The gate was red on the base and is red now: it blocks unless all that is red now was red then. */
function toOutcomeOfRedOnRed(now: TestResults | undefined, base: TestResults | undefined): GateOutcome {
  if (now === undefined) return isReadable(base) ? "failed" : "pre_existing";
  if (base === undefined) return "failed"; // Tests that could not be seen on the base were not seen to fail there.
  if (now.failed === 0) return base.failed === 0 ? "pre_existing" : "failed"; // Red for another reason than its tests.
  if (!namesItsFailures(now) || !namesItsFailures(base)) return now.failed > base.failed ? "failed" : "pre_existing";
  const known = new Set(failingTests(base));
  if (failingTests(now).some((name) => !known.has(name))) return "failed";
  return now.passed > 0 ? "passed" : "pre_existing";
}

function isReadable(tests: TestResults | undefined): boolean {
  return tests !== undefined && executedTests(tests) > 0;
}

function namesItsFailures(tests: TestResults): boolean {
  return failingTests(tests).length >= tests.failed;
}

function describeOutcome({ outcome, inconclusive }: JudgedGate): string {
  if (outcome === "pre_existing") return "red as on the base (proves nothing)";
  return inconclusive === undefined ? outcome : `${outcome} (${inconclusive.replaceAll("_", " ")})`;
}

function describeCounts(counts: { passed: number; failed: number; skipped: number }): string {
  const skipped = counts.skipped === 0 ? "" : `, ${counts.skipped} skipped`;
  return `${counts.passed} passed, ${counts.failed} failed${skipped}`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
