import { readDocument } from "../read-document.ts";
import { scriptSchema } from "./script-schema.ts";
import type { Script } from "./script.ts";

/**
 * Reads a script for the model server, from YAML or JSON.
 *
 * @example
 * ```yaml
 * conversations:
 *   - match: "Task: Add subtract"     # a text of the prompt, or { pattern: "^Task: .*subtract" }
 *     attempt: 1                      # the first iteration on that task lies
 *     turns:
 *       - text: "Nothing to do. TASK_COMPLETE"
 *   - match: "Task: Add subtract"     # every later one works
 *     turns:
 *       - thinking: "The file is small."
 *         text: "I write the function."
 *         write: { path: src/subtract.mjs, content: "export const subtract = (a, b) => a - b;\n" }
 *         usage: { input: 800, cacheRead: 4000, output: 90 }
 *       - shell: npm test
 *         fault: { type: rate_limit, times: 2, retryAfterSeconds: 1 }
 *     final: "subtract works.\n\nTASK_COMPLETE"
 * ```
 * @throws DocumentError that names each wrong value.
 */
export function parseScript(text: string): Script {
  return readDocument("script", text, scriptSchema);
}
