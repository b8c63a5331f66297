import { stripVTControlCharacters } from "node:util";
import type { TestResults } from "@cloister/core";
import { readCargo } from "./cargo.ts";
import { readGo, readGoJson } from "./go.ts";
import { readJestJson } from "./jest-json.ts";
import { readJest } from "./jest.ts";
import { readJunit } from "./junit.ts";
import { readMocha } from "./mocha.ts";
import { readNodeSpec } from "./node-spec.ts";
import { readPytest } from "./pytest.ts";
import { addCounts, type TestReader } from "./tally.ts";
import { readTap } from "./tap.ts";
import { TOTALS_READERS } from "./totals.ts";
import { readVitest } from "./vitest.ts";

/** Every reader. Each looks for its own runner's signature, so that the order does not matter but for names in reports. */
const READERS: readonly TestReader[] = [
  readTap,
  readNodeSpec,
  readJunit,
  readJestJson,
  readJest,
  readVitest,
  readMocha,
  readPytest,
  readCargo,
  readGo,
  readGoJson,
  ...TOTALS_READERS,
];

/**
 * What a gate's output says of its tests: the sum over all runners that are recognised in it.
 * @param output hostile text; colours are ignored.
 * @returns undefined where no runner is recognised.
 */
export function readTestResults(output: string): TestResults | undefined {
  const plain = stripVTControlCharacters(output);
  const found = READERS.map((read) => read(plain)).filter((results) => results !== undefined);
  return found.length === 0 ? undefined : found.reduce(merge);
}

function merge(left: TestResults, right: TestResults): TestResults {
  const cases = { ...left.cases, ...right.cases };
  const isPartial = [left, right].some(
    (results) => results.partial === true || Object.keys(results.cases).some((name) => isShadowed(name, left, right)),
  );
  return {
    runner: `${left.runner}+${right.runner}`,
    ...addCounts(left, right),
    cases,
    ...(isPartial ? { partial: true as const } : {}),
  };
}

/** Two runners that call different tests by one name: then the names do not tell all. */
function isShadowed(name: string, left: TestResults, right: TestResults): boolean {
  return Object.hasOwn(left.cases, name) && Object.hasOwn(right.cases, name);
}
