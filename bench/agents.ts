/** Agents as command lines for a shell. Each first writes when it was started, to the nanosecond. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Sandbox } from "./sandbox.ts";

/** The last line of Claude Code's `stream-json`. */
const RESULT =
  '{"type":"result","subtype":"success","is_error":false,"result":"Nothing to do.","usage":{"input_tokens":10,"output_tokens":2},"total_cost_usd":0.001}';

function start({ starts }: Sandbox): string {
  return `date +%s%N >>${starts}; cat >/dev/null`;
}

/** Reads its prompt and prints a line. */
export function idleAgent(sandbox: Sandbox): string {
  return `${start(sandbox)}; echo Nothing to do.`;
}

/** Changes a file, differently each time. */
export function busyAgent(sandbox: Sandbox): string {
  return `${start(sandbox)}; date +%s%N >work.txt; echo Changed a file.`;
}

/** Prints one line of 50 MB in its twenty-fifth iteration, a short line in the others. `$CLOISTER_ITERATION` says which it is. */
export function longLineAgent(sandbox: Sandbox): string {
  const longLine = "head -c 50000000 /dev/zero | tr '\\0' x";
  return asScript(
    sandbox,
    `${start(sandbox)}; if [ "$CLOISTER_ITERATION" = 25 ]; then ${longLine}; fi; echo; echo '${RESULT}'`,
  );
}

/** Speaks Claude Code's `stream-json`, and has much to say: `lines` messages of about 200 bytes, then the result. */
export function chattyAgent(sandbox: Sandbox, lines: number): string {
  const text = "I looked at this file too, and say at some length what I think should be done about it next. ".repeat(
    2,
  );
  const message = `{"type":"assistant","message":{"content":[{"type":"text","text":"${text}"}]}}`;
  return asScript(sandbox, `${start(sandbox)}; yes '${message}' | head -n ${lines}; echo '${RESULT}'`);
}

/** A program of its own, for adapters that add arguments to their command line. */
function asScript({ folder }: Sandbox, commands: string): string {
  const path = join(folder, "agent.sh");
  writeFileSync(path, `${commands}\n`);
  return `sh ${path}`;
}
