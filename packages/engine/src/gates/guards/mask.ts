import type { Language } from "./languages.ts";

/** A source text of unchanged length and lines, with parts of it blanked out. */
export type Masked = {
  /** Without comments. */
  readonly code: string;
  /** Without comments and without what stands in strings. */
  readonly bare: string;
};

const HASH_COMMENTS: ReadonlySet<Language> = new Set<Language>(["python", "ruby", "shell"]);

/**
 * Blanks out comments and strings, so that what is found in the rest is code. One pass; good enough for searching, not a parser:
 * a quoted string ends with its line at the latest, so that a stray quote does no harm beyond it.
 */
export function maskSource(text: string, language: Language): Masked {
  const code = [...Array(text.length).keys()].map(() => "");
  const bare = [...code];
  for (let at = 0; at < text.length; ) {
    const { kind, end } = nextToken(text, at, language);
    for (let index = at; index < end; index += 1) {
      const character = text[index] ?? "";
      const isBreak = character === "\n";
      code[index] = kind === "comment" && !isBreak ? " " : character;
      const isInside = kind === "string" && index > at && index < end - 1;
      bare[index] = (kind === "comment" || isInside) && !isBreak ? " " : character;
    }
    at = end;
  }
  return { code: code.join(""), bare: bare.join("") };
}

type Token = { readonly kind: "comment" | "string" | "code"; readonly end: number };

function nextToken(text: string, at: number, language: Language): Token {
  const character = text[at] ?? "";
  if (HASH_COMMENTS.has(language)) {
    if (character === "#" && !isWordBefore(text, at)) return { kind: "comment", end: endOfLine(text, at) };
  } else if (character === "/") {
    if (text[at + 1] === "/") return { kind: "comment", end: endOfLine(text, at) };
    if (text[at + 1] === "*") return { kind: "comment", end: endAfter(text, "*/", at + 2) };
  }
  const triple = text.slice(at, at + 3);
  if (language === "python" && (triple === '"""' || triple === "'''")) return { kind: "string", end: endAfter(text, triple, at + 3) };
  if (character === "`" && (language === "javascript" || language === "go")) return { kind: "string", end: endOfString(text, at, true) };
  const isQuote = character === '"' || (character === "'" && language !== "rust");
  return isQuote ? { kind: "string", end: endOfString(text, at, false) } : { kind: "code", end: at + 1 };
}

/** In a shell, `#` within a word is no comment. */
function isWordBefore(text: string, at: number): boolean {
  return at > 0 && /[\w$\\&{]/.test(text[at - 1] ?? "");
}

function endOfLine(text: string, at: number): number {
  const found = text.indexOf("\n", at);
  return found === -1 ? text.length : found;
}

function endAfter(text: string, mark: string, from: number): number {
  const found = text.indexOf(mark, from);
  return found === -1 ? text.length : found + mark.length;
}

function endOfString(text: string, start: number, spansLines: boolean): number {
  const quote = text[start];
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === quote) return at + 1;
    else if (text[at] === "\n" && !spansLines) return at;
  }
  return text.length;
}
