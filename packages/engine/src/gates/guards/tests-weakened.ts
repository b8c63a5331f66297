import type { Finding } from "@cloister/core";
import { countAssertions, countStrength, isTautology } from "./assertions.ts";
import { addedLines, type FileGuard } from "./change.ts";
import { holdsTests } from "./languages.ts";
import { isSkipped, isUnconditional } from "./skips.ts";
import type { SourceText } from "./source-text.ts";
import type { TestBlock } from "./test-blocks.ts";

const MAX_HELPER = 5000;
/** A test whose second argument is a name. */
const NAMED_FUNCTION = /^[\w.]{1,60}\s*\(\s*(?:"[^"]*"|'[^']*'|`[^`]*`)\s*,\s*(\w{1,100})\s*[,)]/;

/** Tests that kept their name and lost their teeth. */
export const findWeakenedTests: FileGuard = ({ path, before, after }) => {
  const { language } = after;
  if (language === undefined || before.text === after.text || !holdsTests(path, after.text)) return [];
  const old = new Map(before.tests.map((block) => [block.name, block]));
  return after.tests.flatMap((block): Finding[] => {
    const known = old.get(block.name);
    if (known === undefined || known.code === block.code || isSkipped(block, language)) return [];
    if (delegatesTest(block, after)) return [];
    const why = whyWeaker(known, block);
    if (why === undefined) return [];
    const message = `Test "${block.name}" ${why}: make it check again what it checked on the base.`;
    return [{ name: "tests_weakened", message, file: path, line: block.line }];
  });
};

/** JavaScript: the test is a function that is defined elsewhere; its assertions stand there. */
export function delegatesTest(block: TestBlock, { masked, language }: SourceText): boolean {
  const helper = language === "javascript" ? NAMED_FUNCTION.exec(block.bare)?.[1] : undefined;
  if (helper === undefined) return false;
  const start = masked.bare.search(new RegExp(`\\b(?:const|let|var|function)\\s+${helper}\\b`));
  return start === -1 || countAssertions(masked.bare.slice(start, start + MAX_HELPER)) > 0;
}

function whyWeaker(before: TestBlock, after: TestBlock): string | undefined {
  const [old, now] = [countAssertions(before.bare), countAssertions(after.bare)];
  const added = addedLines(before.code, after.code).map(({ text }) => text);
  if (old > 0 && now === 0) return `lost all of its ${old} assertions`;
  if (added.some(isTautology)) return "asserts what can't be otherwise";
  const hasNewAssertion = added.some((line) => countAssertions(line) > 0);
  if (now < old && !hasNewAssertion) return `lost ${old - now} of its ${old} assertions`;
  if (hasNewReturn(before, after)) return "returns before its assertions";
  const [strength, weaker] = [countStrength(before.code), countStrength(after.code)];
  const isLooser = weaker.strict < strength.strict && weaker.weak > strength.weak && now <= old;
  return isLooser ? "compares with less than it did" : undefined;
}

/** A test that returns without condition before its last assertion does not reach it. */
function hasNewReturn(before: TestBlock, after: TestBlock): boolean {
  const hasReturn = (block: TestBlock): boolean => {
    const lines = block.bare.split("\n");
    const last = lines.findLastIndex((line) => countAssertions(line) > 0);
    return lines.some((line, at) => at > 0 && at < last && /^\s*return;?\s*$/.test(line) && isUnconditional(lines, at));
  };
  return hasReturn(after) && !hasReturn(before);
}
