import type { AgentStatus } from "@cloister/core";
import { quoteForShell, splitCommandLine } from "../command-line.ts";
import { runProbe } from "../probe-process.ts";

/** Tells whether the shell knows what the command line begins with. Runs nothing of it. */
export async function probeCommand(env: Readonly<Record<string, string>>, command?: string): Promise<AgentStatus> {
  const [word] = splitCommandLine(command ?? "");
  if (word === undefined) {
    return { installed: false, login: "not_needed", detail: "Give the program to run with --agent-command." };
  }
  if (!canLookUp(word)) return { installed: true, login: "not_needed", detail: "The shell runs the command line." };
  const { code } = await runProbe({ shell: `command -v ${quoteForShell(word)} >/dev/null 2>&1`, env });
  const detail = code === 0 ? `The shell runs ${word}.` : `${word} is not on PATH. Check --agent-command.`;
  return { installed: code === 0, login: "not_needed", detail };
}

/**
 * What begins with a variable, a group or an assignment only the shell can read, and a relative path is one in a workspace that
 * is not there yet: whether they can be run shows when they are.
 */
function canLookUp(word: string): boolean {
  return /^[\w.+][\w.+-]*$/.test(word) || /^\/[\w./+-]+$/.test(word);
}
