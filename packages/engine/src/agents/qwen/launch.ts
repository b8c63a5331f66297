import { toProgram } from "../command-line.ts";
import type { Launch, LaunchRequest } from "../port.ts";

/** `qwen --yolo`: without a terminal it takes standard input as its prompt, does it, and ends. */
export function launchQwen(request: LaunchRequest): Launch {
  const model = request.model === undefined ? [] : ["--model", request.model];
  // With a key in the environment it would else ask which kind of login to use.
  const auth = (request.env["OPENAI_API_KEY"] ?? "") === "" ? [] : ["--auth-type", "openai"];
  return {
    ...toProgram(request, "qwen", ["--yolo", "--output-format", "stream-json", ...auth, ...model]),
    env: { QWEN_CODE_SUPPRESS_YOLO_WARNING: "1", ...request.env },
    stdin: "prompt",
  };
}
