import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Absolute path of the builtin agent's program: its source beside this file, or `builtin-agent.js` beside the bundle. */
export function builtinEntry(): string {
  const source = fileURLToPath(new URL("main.ts", import.meta.url));
  return existsSync(source) ? source : fileURLToPath(new URL("builtin-agent.js", import.meta.url));
}
