import { quoteForShell } from "../command-line.ts";
import type { Launch, LaunchRequest } from "../port.ts";

const PLACEHOLDER = "{prompt_file}";

/**
 * Any program, through the shell: its command line may have pipes, variables and redirections. The prompt replaces
 * `{prompt_file}` by its file's path; without that placeholder it comes on standard input.
 */
export function launchCommand(request: LaunchRequest): Launch {
  const line = request.command ?? "echo 'No command was given: use --agent-command.' >&2; exit 127";
  const filled = line.replaceAll(PLACEHOLDER, () => quoteForShell(request.promptFile));
  return {
    file: "/bin/sh",
    // The last line keeps the shell itself alive: without it, `agent > log` would close standard output at its start.
    args: ["-c", `${filled}\nexit $?`],
    env: { ...request.env, CLOISTER_PROMPT_FILE: request.promptFile },
    stdin: line.includes(PLACEHOLDER) ? "empty" : "prompt",
  };
}
