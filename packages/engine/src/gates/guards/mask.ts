import type { Language } from "./languages.ts";

/** A source text of unchanged length and lines, with parts of it blanked out. */
export type Masked = {
  /** Without comments. */
  readonly code: string;
  /** Without comments and without what stands in strings. */
  readonly bare: string;
};

const HASH_COMMENTS: ReadonlySet<Language> = new Set<Language>(["python", "ruby", "shell"]);
/** What a comment or a string can start with. */
const START = /["'`#/]/g;

/**
 * Blanks out comments and strings, so that what is found in the rest is code. One pass; good enough for searching, not a parser:
 * a quoted string ends with its line at the latest, so that a stray quote does no harm beyond it.
 */
export function maskSource(text: string, language: Language): Masked {
  const [code, bare]: [string[], string[]] = [[], []];
  for (let at = 0; at < text.length;) {
    const start = findStart(text, at);
    const token = readToken(text, start, language);
    const end = token?.end ?? Math.min(text.length, start + 1);
    const [plain, found] = [text.slice(at, start), text.slice(start, end)];
    code.push(plain, token?.kind === "comment" ? blank(found) : found);
    bare.push(plain, token === undefined ? found : token.kind === "comment" ? blank(found) : blankInside(found));
    at = end;
  }
  return { code: code.join(""), bare: bare.join("") };
}

type Token = { readonly kind: "comment" | "string"; readonly end: number };

function findStart(text: string, from: number): number {
  START.lastIndex = from;
  return START.exec(text)?.index ?? text.length;
}

function readToken(text: string, at: number, language: Language): Token | undefined {
  const character = text[at];
  if (character === "#" || character === "/") return readComment(text, at, language);
  const triple = text.slice(at, at + 3);
  if (language === "python" && (triple === '"""' || triple === "'''")) {
    return { kind: "string", end: endAfter(text, triple, at + 3) };
  }
  if (character === "`" && language !== "javascript" && language !== "go") return undefined;
  if (character === undefined || (character === "'" && language === "rust")) return undefined;
  return { kind: "string", end: endOfString(text, at) };
}

function readComment(text: string, at: number, language: Language): Token | undefined {
  const usesHash = HASH_COMMENTS.has(language);
  if (text[at] === "#") {
    // In a shell, `#` within a word is no comment.
    const isComment = usesHash && (at === 0 || !/[\w$\\&{]/.test(text[at - 1] ?? ""));
    return isComment ? { kind: "comment", end: endOfLine(text, at) } : undefined;
  }
  if (usesHash) return undefined;
  if (text[at + 1] === "/") return { kind: "comment", end: endOfLine(text, at) };
  return text[at + 1] === "*" ? { kind: "comment", end: endAfter(text, "*/", at + 2) } : undefined;
}

function blank(text: string): string {
  return text.replaceAll(/[^\n]/g, " ");
}

function blankInside(text: string): string {
  return text.length < 2 ? text : `${text[0]}${blank(text.slice(1, -1))}${text.at(-1)}`;
}

function endOfLine(text: string, at: number): number {
  const found = text.indexOf("\n", at);
  return found === -1 ? text.length : found;
}

function endAfter(text: string, mark: string, from: number): number {
  const found = text.indexOf(mark, from);
  return found === -1 ? text.length : found + mark.length;
}

/** Strings end with their line, but for those in backticks. */
function endOfString(text: string, start: number): number {
  const quote = text[start];
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === quote) return at + 1;
    else if (text[at] === "\n" && quote !== "`") return at;
  }
  return text.length;
}
