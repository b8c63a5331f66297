import type { LaunchRequest } from "./port.ts";

const TOKEN = /\\([\s\S])|'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"|([^\s\\'"]+)|(\s+)|([\s\S])/g;

/**
 * Splits a command line into words as a shell would for quotes and backslashes, and for nothing else: no variables, globs or
 * operators. A quote that is not closed is taken as it stands.
 */
export function splitCommandLine(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (const [, escaped, single, double, plain, space, stray] of line.matchAll(TOKEN)) {
    if (space === undefined) {
      word = (word ?? "") + (escaped ?? single ?? double?.replaceAll(/\\(["\\$`])/g, "$1") ?? plain ?? stray ?? "");
    } else if (word !== undefined) {
      words.push(word);
      word = undefined;
    }
  }
  return word === undefined ? words : [...words, word];
}

/** `text` as one word of a POSIX shell. */
export function quoteForShell(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** What to start for a request: its `command` where it has one, or else `program`; then `args`. */
export function toProgram(
  request: LaunchRequest,
  program: string,
  args: readonly string[],
): { readonly file: string; readonly args: readonly string[] } {
  const [file = program, ...ownArgs] = splitCommandLine(request.command ?? "");
  return { file, args: [...ownArgs, ...args] };
}
