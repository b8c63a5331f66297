import { failingTests, type Finding, type GateResult, type GateSpec, type TestResults } from "@cloister/core";
import type { GateContext } from "./port.ts";
import { runGate } from "./run-gate.ts";

/** A red gate that may be red by chance. */
export type FlakeCheck = {
  readonly gate: GateSpec;
  readonly result: GateResult;
  /** What the gate said of the base commit: tests that were red there are not new. */
  readonly baseline: GateResult | undefined;
  readonly context: GateContext;
};

/**
 * Runs a gate with new failures once more on the same tree. A test that failed once and passed once is flaky: it is named in a
 * finding and not blamed on the change.
 * @returns the result to judge: the given one where nothing speaks for flakes, otherwise the second one without the flaky failures.
 */
export async function rerunForFlakes(check: FlakeCheck): Promise<{ result: GateResult; findings: Finding[] }> {
  const { gate, result, baseline, context } = check;
  const known = new Set(failingTests(gate.required === true ? undefined : baseline?.tests));
  const isBlamed = failingTests(result.tests).some((name) => !known.has(name));
  if (result.verdict !== "failed" || !isBlamed || context.signal?.aborted === true) return { result, findings: [] };
  const second = await runGate(gate, context);
  const flaky = findFlaky(result.tests, second);
  if (flaky.length === 0) return { result, findings: [] };
  const findings = flaky.map((test): Finding => {
    return { name: "test_flaky", message: `Test "${test}" of gate ${gate.name} failed and passed on the same tree.` };
  });
  return { result: forgive(second, flaky), findings };
}

/** Tests that are red on one side alone. Where a green output names no test, everything in it has passed. */
function findFlaky(first: TestResults | undefined, second: GateResult): string[] {
  if (first === undefined || second.tests === undefined || second.verdict === "inconclusive") return [];
  const [before, after] = [new Set(failingTests(first)), new Set(failingTests(second.tests))];
  const hasPassed = (tests: TestResults, name: string): boolean => {
    return (
      tests.cases[name] === "passed" || (tests.partial === true && tests.cases[name] === undefined && tests.passed > 0)
    );
  };
  const healed = [...before].filter((name) => second.tests !== undefined && hasPassed(second.tests, name));
  return [...healed, ...[...after].filter((name) => hasPassed(first, name))];
}

/** Counts flaky tests as passed. The verdict stays the second run's: a red exit status may have another reason. */
function forgive(result: GateResult, flaky: readonly string[]): GateResult {
  const { tests } = result;
  const red = new Set(failingTests(tests));
  const forgiven = flaky.filter((name) => red.has(name));
  if (tests === undefined || forgiven.length === 0) return result;
  return {
    ...result,
    tests: {
      ...tests,
      passed: tests.passed + forgiven.length,
      failed: tests.failed - forgiven.length,
      cases: { ...tests.cases, ...Object.fromEntries(forgiven.map((name) => [name, "passed" as const])) },
    },
  };
}
