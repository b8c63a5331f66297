import { z } from "zod";
import { resolveInWorkspace } from "../../workspace-path.ts";
import { readTextFile } from "../../text-file.ts";
import { type BuiltinTool, defineTool } from "./tool.ts";

const DEFAULT_LINES = 1000;
const MAX_CHARS = 50_000;

/** Reads lines of a text file. */
export const readTool: BuiltinTool = defineTool({
  description: `Reads a text file: ${DEFAULT_LINES} lines from line \`offset\` (from 1), or \`limit\` lines.`,
  input: z.object({
    path: z.string(),
    offset: z.int().min(1).optional(),
    limit: z.int().min(1).optional(),
  }),
  describe: ({ path, offset }) => (offset === undefined ? path : `${path}:${offset}`),
  run({ path, offset = 1, limit = DEFAULT_LINES }, { workspace }) {
    const lines = readTextFile(resolveInWorkspace(workspace, path), path).split("\n");
    const chosen = lines.slice(offset - 1, offset - 1 + limit);
    const text = chosen.join("\n");
    if (text.length > MAX_CHARS)
      return `${text.slice(0, MAX_CHARS)}\n[cut at ${MAX_CHARS} characters: ask for fewer lines]`;
    const left = lines.length - (offset - 1) - chosen.length;
    return left > 0 ? `${text}\n[${left} more lines: go on at offset ${offset + chosen.length}]` : text;
  },
});
