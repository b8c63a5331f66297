import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import { resolveInWorkspace } from "../../workspace-path.ts";
import { type BuiltinTool, defineTool } from "./tool.ts";

/** Writes a whole file. */
export const writeTool: BuiltinTool = defineTool({
  description: "Writes a file whole, replacing what was there; makes the folders it needs.",
  input: z.object({ path: z.string().min(1), content: z.string() }),
  describe: ({ path }) => path,
  run({ path, content }, { workspace }) {
    const real = resolveInWorkspace(workspace, path);
    mkdirSync(dirname(real), { recursive: true });
    writeFileSync(real, content);
    return `Wrote ${Buffer.byteLength(content)} bytes to ${path}.`;
  },
});
