import type { Finding } from "@cloister/core";
import type { Change, ChangedFile, FileChange, FileGuard, InspectOptions } from "./change.ts";
import { findForcedExits } from "./exit-forced.ts";
import { findGateConfigChanges } from "./gate-config-changed.ts";
import { resolveGateUsage } from "./gate-usage.ts";
import { findVacuousGates } from "./gate-vacuous.ts";
import { findHollowTests } from "./hollow-tests.ts";
import { findProtectedPaths } from "./protected-path-changed.ts";
import { findSecrets } from "./secret-added.ts";
import { createSourceText } from "./source-text.ts";
import { collectTestNames, findRemovedSources, type TestNames } from "./tests-removed.ts";
import { findSkippedTests } from "./tests-skipped.ts";
import { findWeakenedTests } from "./tests-weakened.ts";

export type { Change } from "./change.ts";

const FILE_GUARDS: readonly FileGuard[] = [
  findGateConfigChanges,
  findForcedExits,
  findSkippedTests,
  findWeakenedTests,
  findHollowTests,
  findSecrets,
];

/**
 * Looks in a change for the ways in which work can look done without being it. What the plan does not want to know (`off`) is
 * left out; what blocks is for the caller to decide.
 */
export async function inspectChange(change: Change, options: InspectOptions): Promise<Finding[]> {
  const usage = await resolveGateUsage(change, options.gates);
  const findings = findProtectedPaths(change.files, options.protect);
  const names: TestNames = { before: [], after: [] };
  for (const changed of change.files) {
    const file = await readFile(change, changed);
    findings.push(...FILE_GUARDS.flatMap((guard) => guard(file, usage)));
    collectTestNames(file, names);
  }
  findings.push(...findRemovedSources(names));
  findings.push(...findVacuousGates(options.gates, (await change.before("package.json")) ?? ""));
  return findings.filter(({ name }) => options.policy[name] !== "off");
}

async function readFile(change: Change, file: ChangedFile): Promise<FileChange> {
  const before = file.status === "added" ? undefined : await change.before(file.oldPath ?? file.path);
  const after = file.status === "deleted" ? undefined : await change.after(file.path);
  return {
    ...file,
    before: createSourceText(file.oldPath ?? file.path, before ?? ""),
    after: createSourceText(file.path, after ?? ""),
  };
}
