import type { Language } from "./languages.ts";
import type { SourceText } from "./source-text.ts";
import type { TestBlock } from "./test-blocks.ts";

/** What keeps one test from running, in its head or annotations. */
const MARKS: Partial<Readonly<Record<Language, RegExp>>> = {
  javascript:
    /^(?:x(?:it|test|specify)\b|\w+(?:\.\w+)*\.(?:skip|todo|fixme)\b)|^[^\n]{0,400}\{[^}\n]{0,100}\b(?:skip|todo): *(?!false)/,
  python:
    /@(?:pytest\.mark\.)?(?:skip\b(?!if)|xfail\b)|@unittest\.(?:skip\b|expectedFailure)|@pytest\.mark\.skipif\(\s*(?:True|1|not False)\b/,
  rust: /#\[ignore\b/,
  java: /@(?:Disabled|Ignore)\b/,
  csharp: /\[Ignore\b|\bSkip\s*=/,
};

/** A statement that skips the test which it stands in. */
const STATEMENT =
  /^\s*(?:(?:this|t|ctx|context|test|self|pytest|b)\.(?:skip|Skip|Skipf|SkipNow|skipTest)\(|markTestSkipped\(|skip(?: |$))/;
const CONDITION = /\b(?:if|else|unless|elif|case|when|switch)\b/;
const TRUE_CONDITION = /\bif\s*\(?\s*(?:true|True|1)\b/;

/** What keeps a whole group or file of tests from running. */
const GROUP_MARKS: Partial<Readonly<Record<Language, RegExp>>> = {
  javascript: /\b(?:describe|suite|context)\.skip\b|(?<![\w.])x(?:describe|context)\s*\(/g,
  python:
    /^pytestmark\s*=.{0,200}\bskip\b(?!if)|allow_module_level\s*=\s*True|^@(?:unittest|pytest\.mark)\.skip\b[^\n]{0,200}\n(?:@[^\n]{0,200}\n)*class\b|^__test__\s*=\s*False/gm,
  rust: /#!?\[cfg\((?:any\(\)|not\(test\))\)\]/g,
  java: /^@(?:Disabled|Ignore)\b/gm,
};
/** What makes the other tests not run. */
const FOCUS = /(?<![\w.])(?:(?:it|test|describe|suite|context|specify)\.only\b|f(?:it|describe|context)\s*\()/g;

/** Tells whether a test is kept from running without condition. */
export function isSkipped(block: TestBlock, language: Language): boolean {
  if (MARKS[language]?.test(block.code) === true) return true;
  const lines = block.bare.split("\n");
  return lines.some((line, index) => index > 0 && STATEMENT.test(line) && isUnconditional(lines, index));
}

/** Tells whether line `index` always runs, as far as the line before it shows. */
export function isUnconditional(lines: readonly string[], index: number): boolean {
  const previous = lines.slice(0, index).findLast((line) => line.trim() !== "") ?? "";
  return !CONDITION.test(previous) || TRUE_CONDITION.test(previous);
}

/** How many marks in a source keep groups of tests from running, besides {@link countFocus}. */
export function countGroupSkips({ text, masked }: SourceText, language: Language): number {
  const mark = GROUP_MARKS[language];
  const inCode = mark === undefined ? 0 : [...masked.code.matchAll(mark)].length;
  // Go's build constraints are comments.
  return (
    inCode +
    (language === "go" ? [...text.matchAll(/^\/\/(?:go:build|\s*\+build) (?:ignore|never|!go1)\b/gm)].length : 0)
  );
}

/** How many marks in JavaScript let some tests run and no others. */
export function countFocus(bare: string, language: Language): number {
  return language === "javascript" ? [...bare.matchAll(FOCUS)].length : 0;
}
