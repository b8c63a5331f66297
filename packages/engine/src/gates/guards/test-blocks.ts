import type { Language } from "./languages.ts";
import type { Masked } from "./mask.ts";

/** One test in a source file. */
export type TestBlock = {
  /** Its name, within its class where it has one. */
  readonly name: string;
  /** Where it starts, from 1. */
  readonly line: number;
  /** Its text without comments: annotations, head and body. */
  readonly code: string;
  /** {@link code}, without what stands in strings. */
  readonly bare: string;
};

const MAX_BLOCKS = 5000;
const MAX_BLOCK = 50_000;
const MAX_ANNOTATIONS = 20;
const FUNCTION_NAME = /(\w{1,200})\s{0,20}(?:<[^>]{0,80}>)?\s{0,20}\(/;

/** Languages whose tests are functions after an annotation, and that annotation. */
const ANNOTATED: Partial<Readonly<Record<Language, RegExp>>> = {
  rust: /#\[(?:\w+::)?(?:test|rstest|test_case)\b/,
  java: /@(?:Parameterized|Repeated)?Test\b/,
  csharp: /\[(?:Test|Fact|Theory|TestCase|TestMethod)\b/,
  php: /#\[Test\]|@test\b/,
  python: /^\s*(?:async )?def test\w*\(/,
};
/** Languages whose tests are functions, or blocks, with a head of their own on one line. The first group is the name. */
const HEADED: Partial<Readonly<Record<Language, RegExp>>> = {
  go: /^func (Test\w+|Fuzz\w+)\(/,
  shell: /^@test ["'](.{1,200})["'] \{/,
  php: /^\s*public function (test\w+)\(/,
  java: /^\s*(?:public )?(?:void|func) (test\w+)\(/,
};
const JAVASCRIPT_HEAD =
  /(?<![\w.$])([xf]?(?:it|test|specify)(?:\.\w{1,20}){0,3})\s*\(\s*(?:"((?:\\.|[^"\\\n]){0,300})"|'((?:\\.|[^'\\\n]){0,300})'|`((?:\\.|[^`\\]){0,300})`)/g;

/** The tests in a source, in their order. A test that is commented out is none. */
export function readTestBlocks({ code, bare }: Masked, language: Language): TestBlock[] {
  if (language === "javascript") return readCalls(code, bare);
  return readFunctions(code.split("\n"), bare.split("\n"), language).slice(0, MAX_BLOCKS);
}

function readCalls(code: string, bare: string): TestBlock[] {
  const blocks: TestBlock[] = [];
  for (const match of code.matchAll(JAVASCRIPT_HEAD)) {
    if (blocks.length >= MAX_BLOCKS) break;
    const end = endOfCall(bare, bare.indexOf("(", match.index));
    const name = match[2] ?? match[3] ?? match[4] ?? "";
    blocks.push({
      name,
      line: lineAt(code, match.index),
      code: code.slice(match.index, end),
      bare: bare.slice(match.index, end),
    });
  }
  return blocks;
}

function endOfCall(bare: string, start: number): number {
  let depth = 0;
  const limit = Math.min(bare.length, start + MAX_BLOCK);
  for (let at = start; at < limit; at += 1) {
    if (bare[at] === "(") depth += 1;
    if (bare[at] === ")") depth -= 1;
    if (depth === 0) return at + 1;
  }
  return limit;
}

function readFunctions(code: readonly string[], bare: readonly string[], language: Language): TestBlock[] {
  const blocks: TestBlock[] = [];
  let group = "";
  for (let index = 0; index < code.length; index += 1) {
    const line = code[index] ?? "";
    if (language === "python") group = toClass(line) ?? group;
    const head = readHead(code, index, language);
    if (head === undefined) continue;
    const end = language === "python" ? endByIndent(bare, head.line) : endByBrace(bare, head.line);
    const cut = (lines: readonly string[]): string => lines.slice(index, end).join("\n");
    blocks.push({
      name: (/^\S/.test(line) ? "" : group) + head.name,
      line: index + 1,
      code: cut(code),
      bare: cut(bare),
    });
    index = end - 1;
  }
  return blocks;
}

/** The class that a line of Python starts, or none where it ends one. Undefined: it does neither. */
function toClass(line: string): string | undefined {
  const name = /^class (\w+)/.exec(line)?.[1];
  if (name !== undefined) return `${name}::`;
  return /^[^\s@]/.test(line) ? "" : undefined;
}

type Head = { readonly name: string; readonly line: number };

/** A test's name and the line of its function, where a test (with its annotations) starts at line `index`. */
function readHead(code: readonly string[], index: number, language: Language): Head | undefined {
  const headed = HEADED[language]?.exec(code[index] ?? "")?.[1];
  if (headed !== undefined) return { name: headed, line: index };
  const annotation = ANNOTATED[language];
  if (annotation === undefined) return undefined;
  const line = skipAnnotations(code, index);
  const name = FUNCTION_NAME.exec(code[line] ?? "")?.[1];
  const isTest = code.slice(index, line + 1).some((each) => annotation.test(each));
  return name !== undefined && isTest ? { name, line } : undefined;
}

/** The first line from `index` on that is no annotation. */
function skipAnnotations(code: readonly string[], index: number): number {
  let line = index;
  while (line < index + MAX_ANNOTATIONS && isAnnotation(code[line] ?? "")) line += 1;
  return line;
}

function isAnnotation(line: string): boolean {
  return /^\s*(@\w|#\[|\[\w)/.test(line) && !/\bfn \w|\) *\{/.test(line);
}

function endByIndent(bare: readonly string[], head: number): number {
  const indent = /^\s*/.exec(bare[head] ?? "")?.[0].length ?? 0;
  for (let at = head + 1; at < bare.length; at += 1) {
    const line = bare[at] ?? "";
    if (line.trim() !== "" && line.length - line.trimStart().length <= indent && !/^\s*\)/.test(line)) return at;
  }
  return bare.length;
}

function endByBrace(bare: readonly string[], head: number): number {
  let [depth, hasOpened] = [0, false];
  for (let at = head; at < bare.length; at += 1) {
    for (const character of bare[at] ?? "") {
      if (character === "{") [depth, hasOpened] = [depth + 1, true];
      if (character === "}") depth -= 1;
    }
    if (hasOpened && depth <= 0) return at + 1;
  }
  return bare.length;
}

/** The line, from 1, in which `offset` of `text` lies. */
function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at !== -1 && at < offset; at = text.indexOf("\n", at + 1)) line += 1;
  return line;
}
