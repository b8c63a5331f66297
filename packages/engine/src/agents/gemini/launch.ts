import { join } from "node:path";
import { toProgram } from "../command-line.ts";
import type { Launch, LaunchRequest } from "../port.ts";

const KEY_SETTINGS = JSON.stringify({
  security: { auth: { selectedType: "gemini-api-key" } },
  privacy: { usageStatisticsEnabled: false },
  general: { enableAutoUpdate: false },
});

/** `gemini --yolo`: without a terminal it takes standard input as its prompt, does it, and ends. */
export function launchGemini(request: LaunchRequest): Launch {
  const args = ["--yolo", "--skip-trust", "--output-format", "stream-json"];
  const model = request.model === undefined ? [] : ["--model", request.model];
  const program = toProgram(request, "gemini", [...args, ...model]);
  if (!needsOwnHome(request.env)) return { ...program, env: request.env, stdin: "prompt" };
  return {
    ...program,
    env: { ...request.env, GEMINI_CLI_HOME: request.scratch },
    stdin: "prompt",
    files: { [join(request.scratch, ".gemini", "settings.json")]: KEY_SETTINGS },
  };
}

/**
 * With a key and another endpoint, Gemini CLI takes the endpoint for a kind of login that it then refuses (exit 41), unless its
 * settings name the kind. It reads settings from its home alone (system-wide files below a shared temporary folder are refused):
 * so it gets a home of its own in the scratch folder, and the user's is left as it is.
 */
function needsOwnHome(env: Readonly<Record<string, string>>): boolean {
  const has = (name: string): boolean => (env[name] ?? "") !== "";
  return has("GEMINI_API_KEY") && has("GOOGLE_GEMINI_BASE_URL") && !has("GEMINI_CLI_HOME");
}
