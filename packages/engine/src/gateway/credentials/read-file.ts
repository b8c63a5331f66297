import { readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Files that hold a secret are small; anything else is a mistake. */
const MAX_FILE_BYTES = 256 * 1024;

/** The user's home folder. */
export function homeOf(env: Readonly<Record<string, string | undefined>>): string {
  const home = env["HOME"] ?? "";
  return home === "" ? homedir() : home;
}

/** A path from `~/` on, made absolute. */
export function fromHome(path: string, env: Readonly<Record<string, string | undefined>>): string {
  return path.startsWith("~/") ? join(homeOf(env), path.slice(2)) : path;
}

/** The text of a small file; undefined where it can't be read, is no regular file (a pipe would block) or is too large. */
export function readSmallFile(path: string): string | undefined {
  try {
    const stats = statSync(path);
    return stats.isFile() && stats.size <= MAX_FILE_BYTES ? readFileSync(path, "utf8") : undefined;
  } catch {
    return undefined; // Not there, or not ours to read: the caller says what was expected.
  }
}

/** The value that a text stands for, where it is JSON. The parser's own error is dropped: it quotes the text. */
export function parseJsonText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined; // No JSON: nothing is found in it.
  }
}
