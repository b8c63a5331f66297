import type { Finding } from "@cloister/core";
import { countAssertions, isTautology } from "./assertions.ts";
import type { FileGuard } from "./change.ts";
import { holdsTests } from "./languages.ts";
import { isSkipped } from "./skips.ts";
import { delegatesTest } from "./tests-weakened.ts";
import type { TestBlock } from "./test-blocks.ts";

/** New tests that can't fail: an empty body, or nothing but what can't be otherwise. They are green without the change too. */
export const findHollowTests: FileGuard = ({ path, before, after }) => {
  const { language } = after;
  if (language === undefined || before.text === after.text || !holdsTests(path, after.text)) return [];
  const known = new Set(before.tests.map(({ name }) => name));
  return after.tests.flatMap((block): Finding[] => {
    if (known.has(block.name) || isSkipped(block, language) || delegatesTest(block, after) || !isHollow(block))
      return [];
    const message = `New test "${block.name}" can't fail: let it check what the change does.`;
    return [{ name: "tests_not_witnessed", message, file: path, line: block.line }];
  });
};

/** A call of anything may throw, and so is a check; a test that calls nothing checks nothing. */
function isHollow({ bare, code }: TestBlock): boolean {
  const lines = code.split("\n").filter((line) => countAssertions(line) > 0);
  if (lines.length > 0) return lines.every(isTautology);
  const body = bodyOf(bare);
  return body !== undefined && !/\w\s*[(`!]|\b(?:throw|raise|await|yield|new|return\s+\w)\b|\?\.|=>/.test(body);
}

/** What stands between a test's head and its end; undefined where no head is seen. */
function bodyOf(bare: string): string | undefined {
  const head = /=>\s*\{?|\{|:\s*(?=\n)|:\s(?=\S)/.exec(bare);
  return head === null ? undefined : bare.slice(head.index + head[0].length);
}
