import type { TestStatus } from "@cloister/core";
import { z } from "zod";
import { createTally, type Tally, type TestReader, toLines } from "./tally.ts";

const CASE = /^ *--- (PASS|FAIL|SKIP): (\S+) \(/;
/** `ok  \tpackage\t0.003s`, `FAIL\tpackage [build failed]`, `?   \tpackage\t[no test files]` */
const PACKAGE = /^(ok {2}|FAIL|\? {3})\t(\S+)(.*)$/;
const STATUS: Readonly<Record<string, TestStatus>> = { PASS: "passed", FAIL: "failed", SKIP: "skipped" };

type Cases = Map<string, TestStatus>;
type Run = { readonly tally: Tally; cases: Cases; passed: number; failed: number };

/**
 * `go test`. With `-v` every test is named; without it only failures are, and packages are counted instead: a package passes
 * or fails as one.
 */
export const readGo: TestReader = (output) => {
  if (!/^(ok {2}|FAIL|\? {3})\t\S/m.test(output) || output.includes('{"Time":')) return undefined;
  const isVerbose = /^=== RUN /m.test(output);
  const run: Run = { tally: createTally(isVerbose ? "go" : "go-packages"), cases: new Map(), passed: 0, failed: 0 };
  for (const line of toLines(output)) readLine(line, run);
  const named = run.tally.toResults();
  return isVerbose ? named : { ...named, passed: run.passed, failed: run.failed, skipped: 0, partial: true };
};

function readLine(line: string, run: Run): void {
  const [, status, test] = CASE.exec(line) ?? [];
  if (status !== undefined && test !== undefined) run.cases.set(test, STATUS[status] ?? "skipped");
  const [, word, name, rest = ""] = PACKAGE.exec(line) ?? [];
  if (word !== undefined && name !== undefined) closePackage(run, { word: word.trim(), name, rest });
}

function closePackage(run: Run, { word, name, rest }: { word: string; name: string; rest: string }): void {
  if (word === "FAIL") {
    run.failed += 1;
    if (![...run.cases.values()].some((status) => status === "failed"))
      run.tally.note(`${name}${toNote(rest)}`, "failed");
  } else if (word === "ok" && !rest.includes("[no tests to run]")) run.passed += 1;
  noteCases(run.tally, name, run.cases);
  run.cases = new Map();
}

function toNote(rest: string): string {
  return rest.includes("[build failed]") ? " [build failed]" : "";
}

/** Notes a package's tests. A test with subtests stands for itself only where it failed and none of them did. */
function noteCases(tally: Tally, packageName: string, cases: Cases): void {
  const [parents, redParents] = [new Set<string>(), new Set<string>()];
  for (const [name, status] of cases) {
    for (let end = name.lastIndexOf("/"); end > 0; end = name.lastIndexOf("/", end - 1)) {
      parents.add(name.slice(0, end));
      if (status === "failed") redParents.add(name.slice(0, end));
    }
  }
  for (const [name, status] of cases) {
    if (!parents.has(name) || (status === "failed" && !redParents.has(name)))
      tally.note(`${packageName}.${name}`, status);
  }
}

const Event = z.object({ Action: z.string(), Package: z.string(), Test: z.string().optional() });
const ACTIONS: Readonly<Record<string, TestStatus>> = { pass: "passed", fail: "failed", skip: "skipped" };

/** `go test -json`: an event a line. */
export const readGoJson: TestReader = (output) => {
  if (!/^\{"(Time|Action|ImportPath)":"/m.test(output) || !output.includes('"Package":')) return undefined;
  const packages = new Map<string, Cases>();
  const tally = createTally("go");
  for (const line of toLines(output)) {
    const build = /^FAIL\t(\S+) \[build failed\]$/.exec(line);
    if (build !== null) tally.note(`${build[1]} [build failed]`, "failed");
    const event = line.startsWith("{") ? parseEvent(line) : undefined;
    const status = event === undefined ? undefined : ACTIONS[event.Action];
    if (event !== undefined && status !== undefined) readEvent({ event, status, packages, tally });
  }
  for (const [name, cases] of packages) noteCases(tally, name, cases);
  return tally.toResults();
};

type EventRead = {
  readonly event: z.infer<typeof Event>;
  readonly status: TestStatus;
  readonly packages: Map<string, Cases>;
  readonly tally: Tally;
};

function readEvent({ event, status, packages, tally }: EventRead): void {
  const cases = packages.get(event.Package) ?? new Map<string, TestStatus>();
  packages.set(event.Package, cases);
  if (event.Test !== undefined) cases.set(event.Test, status);
  else if (status === "failed" && ![...cases.values()].some((each) => each === "failed"))
    tally.note(event.Package, "failed");
}

function parseEvent(line: string): z.infer<typeof Event> | undefined {
  try {
    return Event.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined; // A line that a test printed itself, or one that was cut.
  }
}
