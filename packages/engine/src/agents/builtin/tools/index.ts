import { editTool } from "./edit.ts";
import { readTool } from "./read.ts";
import { searchTool } from "./search.ts";
import { shellTool } from "./shell.ts";
import type { BuiltinTool } from "./tool.ts";
import { writeTool } from "./write.ts";

/** What the model may call, by name. */
export const BUILTIN_TOOLS: Readonly<Record<string, BuiltinTool>> = {
  read: readTool,
  write: writeTool,
  edit: editTool,
  search: searchTool,
  shell: shellTool,
};
