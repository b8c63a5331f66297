import { writeFileSync } from "node:fs";
import { z } from "zod";
import { resolveInWorkspace } from "../../workspace-path.ts";
import { readTextFile } from "../../text-file.ts";
import { type BuiltinTool, defineTool } from "./tool.ts";

/** Replaces one passage of a file. */
export const editTool: BuiltinTool = defineTool({
  description:
    "Replaces `old_string` by `new_string` in a file. `old_string` must stand there exactly once, white space included: give enough lines around it.",
  input: z.object({ path: z.string(), old_string: z.string().min(1), new_string: z.string() }),
  describe: ({ path }) => path,
  run({ path, old_string: oldText, new_string: newText }, { workspace }) {
    const real = resolveInWorkspace(workspace, path);
    const content = readTextFile(real, path);
    const at = content.indexOf(oldText);
    if (at < 0) throw new Error(`old_string is not in ${path}: read the file again.`);
    if (content.includes(oldText, at + 1))
      throw new Error(`old_string is in ${path} more than once: give more lines around it.`);
    writeFileSync(real, content.slice(0, at) + newText + content.slice(at + oldText.length));
    return `Edited ${path}.`;
  },
});
