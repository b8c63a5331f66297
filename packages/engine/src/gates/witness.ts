import {
  executedTests,
  failingTests,
  type Finding,
  type GateResult,
  type GateSpec,
  newTests,
  type TestResults,
} from "@cloister/core";
import type { ChangedFile } from "./guards/change.ts";
import { isTestFile } from "./guards/languages.ts";
import type { GateContext } from "./port.ts";
import { runGates } from "./run-gate.ts";

/** A gate with what it says of the change, and what it said of the base. */
export type WitnessedGate = {
  readonly spec: GateSpec;
  readonly now: GateResult;
  readonly baseline: GateResult | undefined;
};

/** What is needed to see new tests fail without the change. */
export type WitnessCheck = {
  readonly gates: readonly WitnessedGate[];
  readonly files: readonly ChangedFile[];
  /** Contract: puts the workspace at the base's tree with the given files of the change over it, calls `run`, and puts it back. */
  readonly withOverlay: <Result>(testFiles: readonly string[], run: () => Promise<Result>) => Promise<Result>;
  /**
   * Contract: as `withOverlay`, with none of the change's files. Needed where the gates' baseline may be older than the base of the
   * change (a later task of a run): tests that came in between are not new, and are seen to be there.
   */
  readonly atBase?: <Result>(run: () => Promise<Result>) => Promise<Result>;
  readonly context: GateContext;
};

const LISTED = 5;

/**
 * Runs the tests of a change against the code of the base. New tests that are all green there prove nothing about the change.
 * Nothing is run, and nothing found, where that question makes no sense: no new tests that can be read, only tests changed, or no
 * file of tests that could be put over the base (Rust's tests within the source).
 */
export async function runWitness({ gates, files, withOverlay, atBase, context }: WitnessCheck): Promise<Finding[]> {
  const material = files
    .filter(({ path, status }) => status !== "deleted" && isTestMaterial(path))
    .map(({ path }) => path);
  const hasOtherFiles = files.some(({ path }) => !isTestMaterial(path));
  const asked = gates.filter((gate) => gate.spec.heldOutFiles === undefined && countNewTests(gate) > 0);
  if (!hasOtherFiles || !material.some(isTestFile) || asked.length === 0) return [];
  const run = (of: readonly WitnessedGate[]): Promise<GateResult[]> =>
    runGates(
      of.map(({ spec }) => spec),
      context,
    );
  const overlays = await withOverlay(material, () => run(asked));
  const suspects = asked.filter((gate, index) => !isWitnessed(gate, overlays[index]));
  if (suspects.length === 0 || atBase === undefined) return suspects.map(toFinding);
  const bases = await atBase(() => run(suspects));
  const withBase = suspects.map((gate, index) => ({ ...gate, baseline: bases[index] }));
  return withBase.filter((gate) => countNewTests(gate) > 0).map(toFinding);
}

/** Files that tests need, besides the tests: these too come from the change. */
function isTestMaterial(path: string): boolean {
  return (
    isTestFile(path) ||
    /(^|\/)(conftest\.py|(tests?|specs?|__tests__|__fixtures__|__snapshots__|fixtures|testdata)\/.+)$/.test(path)
  );
}

/** How many tests are green now and were not there on the base: by name, or by number where names are not known. */
function countNewTests(gate: WitnessedGate): number {
  const { now, baseline } = gate;
  if (now.tests === undefined || baseline?.tests === undefined) return 0;
  const named = newPassing(gate).length;
  const hasNames = now.tests.partial === undefined && baseline.tests.partial === undefined;
  return hasNames ? named : executedTests(now.tests) - executedTests(baseline.tests);
}

function newPassing({ now, baseline }: WitnessedGate): string[] {
  return newTests(baseline?.tests, now.tests).filter((name) => now.tests?.cases[name] === "passed");
}

/** True as well where the run over the base says nothing. */
function isWitnessed(gate: WitnessedGate, overlay: GateResult | undefined): boolean {
  if (overlay?.tests === undefined || overlay.verdict === "inconclusive") return true;
  const { tests } = overlay;
  const known = new Set(failingTests(gate.baseline?.tests));
  if (failingTests(tests).some((name) => !known.has(name))) return true;
  const names = newPassing(gate);
  return names.length > 0 && tests.partial === undefined
    ? names.some((name) => tests.cases[name] !== "passed")
    : isShortOf(tests, gate.now.tests);
}

/** Tests that are absent over the base are witnessed: they could not even be loaded. */
function isShortOf(overlay: TestResults, now: TestResults | undefined): boolean {
  return now === undefined || overlay.failed > now.failed || executedTests(overlay) < executedTests(now);
}

function toFinding(gate: WitnessedGate): Finding {
  const names = newPassing(gate).map((name) => `"${name}"`);
  const more = names.length > LISTED ? ` and ${names.length - LISTED} more` : "";
  const which = names.length === 0 ? "The new tests" : `New tests (${names.slice(0, LISTED).join(", ")}${more})`;
  const message = `${which} of gate ${gate.spec.name} pass without the change too: make at least one fail without it.`;
  return { name: "tests_not_witnessed", message };
}
