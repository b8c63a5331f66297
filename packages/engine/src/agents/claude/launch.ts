import { toProgram } from "../command-line.ts";
import type { Launch, LaunchRequest } from "../port.ts";

/** `claude -p`: one turn without a person, the prompt on standard input (arguments are limited in length). */
export function launchClaude(request: LaunchRequest): Launch {
  const args = ["-p", "--output-format", "stream-json", "--verbose", "--dangerously-skip-permissions"];
  const model = request.model === undefined ? [] : ["--model", request.model];
  // It refuses to skip permissions as root unless it is told that it runs in a sandbox.
  const sandbox = request.asRoot ? { IS_SANDBOX: "1" } : {};
  return {
    ...toProgram(request, "claude", [...args, ...model]),
    env: { DISABLE_AUTOUPDATER: "1", CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1", ...request.env, ...sandbox },
    stdin: "prompt",
  };
}
