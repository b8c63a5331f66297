import type { Finding } from "@cloister/core";
import type { FileGuard } from "./change.ts";
import { holdsTests } from "./languages.ts";
import { countFocus, countGroupSkips, isSkipped } from "./skips.ts";

/** Tests that were there before and are kept from running now, and focus on some tests, which keeps the others from running. */
export const findSkippedTests: FileGuard = ({ path, before, after }) => {
  const { language } = after;
  if (language === undefined || !holdsTests(path, after.text)) return [];
  const ran = new Set(before.tests.filter((block) => !isSkipped(block, language)).map(({ name }) => name));
  const findings = after.tests
    .filter((block) => ran.has(block.name) && isSkipped(block, language))
    .map(({ name, line }) => toFinding(path, `Test "${name}" ran on the base and is skipped now: let it run.`, line));
  if (countFocus(after.masked.bare, language) > countFocus(before.masked.bare, language)) {
    findings.push(toFinding(path, "Focus (`.only`) keeps the other tests from running: take it out."));
  }
  if (ran.size > 0 && countGroupSkips(after, language) > countGroupSkips(before, language)) {
    findings.push(toFinding(path, "A group of tests that ran on the base is skipped now: let it run."));
  }
  return findings;
};

function toFinding(file: string, message: string, line?: number): Finding {
  return { name: "tests_skipped", message, file, ...(line === undefined ? {} : { line }) };
}
