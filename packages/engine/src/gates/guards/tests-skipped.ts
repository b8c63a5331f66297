import type { Finding } from "@cloister/core";
import type { FileGuard } from "./change.ts";
import { holdsTests, languageOf } from "./languages.ts";
import { maskSource } from "./mask.ts";
import { countFocus, countGroupSkips, isSkipped } from "./skips.ts";
import { readTestBlocks } from "./test-blocks.ts";

/** Tests that were there before and are kept from running now, and focus on some tests, which keeps the others from running. */
export const findSkippedTests: FileGuard = ({ path, oldPath, status, before, after }) => {
  const language = languageOf(path);
  if (language === undefined || status === "deleted" || !holdsTests(path, after)) return [];
  const ran = readTestBlocks(oldPath ?? path, before).filter((block) => !isSkipped(block, language));
  const names = new Set(ran.map(({ name }) => name));
  const findings = readTestBlocks(path, after)
    .filter((block) => names.has(block.name) && isSkipped(block, language))
    .map(({ name, line }) => toFinding(path, `Test "${name}" ran on the base and is skipped now: let it run.`, line));
  const [old, now] = [maskSource(before, language), maskSource(after, language)];
  if (countFocus(now.bare, language) > countFocus(old.bare, language)) {
    findings.push(toFinding(path, "Focus (`.only`) keeps the other tests from running: take it out."));
  }
  const hasSkippedGroup = countGroupSkips(now.code, after, language) > countGroupSkips(old.code, before, language);
  if (names.size > 0 && hasSkippedGroup) {
    findings.push(toFinding(path, "A group of tests that ran on the base is skipped now: let it run."));
  }
  return findings;
};

function toFinding(file: string, message: string, line?: number): Finding {
  return { name: "tests_skipped", message, file, ...(line === undefined ? {} : { line }) };
}
