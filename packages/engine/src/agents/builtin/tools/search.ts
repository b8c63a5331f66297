import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { z } from "zod";
import { resolveInWorkspace } from "../../workspace-path.ts";
import { isBinary } from "../../text-file.ts";
import { runWithin } from "./time-limit.ts";
import { type BuiltinTool, defineTool } from "./tool.ts";

const MAX_MATCHES = 200;
const MAX_LINE_CHARS = 300;
const MAX_SEARCHED_BYTES = 1024 * 1024;
const TIME_LIMIT_MS = 10_000;
const SKIPPED: ReadonlySet<string> = new Set([".git", "node_modules"]);

type Search = { readonly root: string; readonly pattern: RegExp; readonly matches: string[] };

/** Finds lines by a regular expression. */
export const searchTool: BuiltinTool = defineTool({
  description: `Finds lines that match a JavaScript regular expression, in the files under \`path\` (default: everything but ${[...SKIPPED].join(" and ")}). At most ${MAX_MATCHES} lines, as path:line:text.`,
  input: z.object({
    pattern: z.string().min(1),
    path: z.string().default("."),
    ignore_case: z.boolean().default(false),
  }),
  describe: ({ pattern, path }) => `/${pattern}/ in ${path}`,
  run({ pattern, path, ignore_case: ignoreCase }, { workspace }) {
    const start = resolveInWorkspace(workspace, path);
    const root = resolveInWorkspace(workspace, ".");
    const search: Search = { root, pattern: new RegExp(pattern, ignoreCase ? "i" : ""), matches: [] };
    const isWhole = runWithin(TIME_LIMIT_MS, () => void searchPath(search, start));
    const { matches } = search;
    const notes = [
      ...(matches.length >= MAX_MATCHES ? [`[stopped at ${MAX_MATCHES} lines]`] : []),
      ...(isWhole ? [] : [`[stopped after ${TIME_LIMIT_MS / 1000} s: search a smaller folder or a simpler pattern]`]),
    ];
    return matches.length === 0 && isWhole ? "No match." : [...matches, ...notes].join("\n");
  },
});

/** Searches a file, or a folder and all below it, in the order of names. Links are not followed. Returns false once there are enough matches. */
function searchPath(search: Search, path: string): boolean {
  if (statSync(path).isFile()) return searchFile(search, path);
  const entries = readdirSync(path, { withFileTypes: true }).sort((left, right) => (left.name < right.name ? -1 : 1));
  for (const entry of entries) {
    if (SKIPPED.has(entry.name) || !(entry.isDirectory() || entry.isFile())) continue;
    if (!searchPath(search, join(path, entry.name))) return false;
  }
  return true;
}

function searchFile({ root, pattern, matches }: Search, path: string): boolean {
  if (statSync(path).size > MAX_SEARCHED_BYTES) return true;
  const bytes = readFileSync(path);
  if (isBinary(bytes)) return true;
  const name = relative(root, path);
  for (const [index, line] of bytes.toString("utf8").split("\n").entries()) {
    if (!pattern.test(line)) continue;
    matches.push(`${name}:${index + 1}:${line.slice(0, MAX_LINE_CHARS)}`);
    if (matches.length >= MAX_MATCHES) return false;
  }
  return true;
}
