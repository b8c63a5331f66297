import { toProgram } from "../command-line.ts";
import type { Launch, LaunchRequest } from "../port.ts";

/** Linux limits one argument to 128 KiB (`MAX_ARG_STRLEN`); longer prompts are pointed at. */
const LONGEST_ARGUMENT_BYTES = 100 * 1024;

/** `kiro-cli chat` (or `q chat`): it takes its prompt as an argument, and in no other documented way. */
export function launchKiro(request: LaunchRequest): Launch {
  const args = ["chat", "--no-interactive", "--trust-all-tools"];
  const model = request.model === undefined ? [] : ["--model", request.model];
  return {
    ...toProgram(request, "kiro-cli", [...args, ...model, toArgument(request)]),
    env: { ...request.env, NO_COLOR: "1" },
    stdin: "empty",
  };
}

function toArgument({ prompt, promptFile }: LaunchRequest): string {
  // A leading dash would be taken for an option, and no argument can hold a NUL.
  const fits = Buffer.byteLength(prompt) <= LONGEST_ARGUMENT_BYTES && !/^-|\0/.test(prompt);
  return fits ? prompt : `Read the file ${promptFile} and do what it says.`;
}
