import { toProgram } from "../command-line.ts";
import type { Launch, LaunchRequest } from "../port.ts";

/** `copilot --allow-all-tools`: without a terminal it takes standard input as its prompt, does it, and ends. */
export function launchCopilot(request: LaunchRequest): Launch {
  const args = ["--allow-all-tools", "--allow-all-paths", "--no-ask-user", "--output-format", "json"];
  const model = request.model === undefined ? [] : ["--model", request.model];
  return {
    ...toProgram(request, "copilot", [...args, ...model]),
    env: { COPILOT_AUTO_UPDATE: "false", ...request.env },
    stdin: "prompt",
  };
}
