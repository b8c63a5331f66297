import { toProgram } from "../command-line.ts";
import type { Launch, LaunchRequest } from "../port.ts";

/** `opencode run`: one turn without a person, the prompt on standard input. */
export function launchOpencode(request: LaunchRequest): Launch {
  const model = request.model === undefined ? [] : ["--model", request.model];
  return {
    ...toProgram(request, "opencode", ["run", "--format", "json", "--auto", ...model]),
    // Without the permission it asks, and nobody answers.
    env: { OPENCODE_DISABLE_AUTOUPDATE: "1", OPENCODE_PERMISSION: '{"*":"allow"}', ...request.env },
    stdin: "prompt",
  };
}
