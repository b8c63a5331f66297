import type { TestStatus } from "@cloister/core";
import { addCounts, createTally, NO_COUNTS, readNumbers, type Tally, type TestReader, toLines } from "./tally.ts";

const CASE = /^test (.+?)(?: - should panic)? (?:\.\.\.|---) (ok|FAILED|ignored)(?:,.*)?$/;
/** In `-q` output only failures are named. */
const QUIET_FAILURE = /^(\S+) --- FAILED$/;
const TOTAL = /^test result: \w+\. (.*)$/;
/** The file in `Running unittests src/lib.rs (target/debug/deps/sample-e6daf73c296d6df0)`, without its folder. */
const BINARY_FILE = /^(\S+)-[0-9a-f]{1,32}(?:\.exe)?\)$/;
const STATUS: Readonly<Record<string, TestStatus>> = { ok: "passed", FAILED: "failed" };

/** `cargo test`: unit, integration and documentation tests, by the program that holds them. */
export const readCargo: TestReader = (output) => {
  if (!/^test result: \w+\. \d+ passed; /m.test(output)) return undefined;
  const tally = createTally("cargo");
  let counts = NO_COUNTS;
  let binary = "";
  for (const line of toLines(output)) {
    binary = toBinary(line.trim()) ?? binary;
    const total = TOTAL.exec(line);
    if (total !== null) counts = addCounts(counts, toCounts(total[1] ?? ""));
    readCase(line, binary, tally);
  }
  return tally.toResults(counts);
};

/** The prefix for the tests that follow a heading; undefined where `text` is not one. */
function toBinary(text: string): string | undefined {
  if (text.startsWith("Doc-tests ")) return `${text.slice("Doc-tests ".length)}::`;
  if (!text.startsWith("Running ")) return undefined;
  const file = text.slice(Math.max(text.lastIndexOf("/"), text.lastIndexOf("\\")) + 1);
  const name = BINARY_FILE.exec(file)?.[1];
  return name === undefined ? undefined : `${name}::`;
}

function toCounts(total: string): typeof NO_COUNTS {
  const numbers = readNumbers(total);
  const get = (word: string): number => numbers.get(word) ?? 0;
  return { passed: get("passed"), failed: get("failed"), skipped: get("ignored") };
}

function readCase(line: string, binary: string, tally: Tally): void {
  const named = CASE.exec(line);
  // A documentation test is called by its line, which moves with every edit above it.
  if (named !== null)
    tally.add(binary + (named[1] ?? "").replace(/ \(line \d+\)/, ""), STATUS[named[2] ?? ""] ?? "skipped");
  const quiet = named === null ? QUIET_FAILURE.exec(line) : null;
  if (quiet !== null) tally.add(binary + (quiet[1] ?? ""), "failed");
}
