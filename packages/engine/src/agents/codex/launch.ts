import { toProgram } from "../command-line.ts";
import type { Launch, LaunchRequest } from "../port.ts";

/** `codex exec`: one turn without a person, the prompt on standard input. */
export function launchCodex(request: LaunchRequest): Launch {
  const args = ["exec", "--json", "--dangerously-bypass-approvals-and-sandbox", "--skip-git-repo-check"];
  const model = request.model === undefined ? [] : ["--model", request.model];
  return {
    ...toProgram(request, "codex", [...args, ...model, ...redirect(request.env), "-"]),
    env: request.env,
    stdin: "prompt",
  };
}

/**
 * The provider for `OPENAI_BASE_URL`. One of its own, since the built-in one tries WebSockets seven times before it falls back
 * to what a gateway speaks.
 */
function redirect(env: Readonly<Record<string, string>>): string[] {
  const baseUrl = env["OPENAI_BASE_URL"] ?? "";
  if (baseUrl === "") return [];
  const keyName = ["OPENAI_API_KEY", "CODEX_API_KEY"].find((name) => (env[name] ?? "") !== "");
  const fields = [
    `name="cloister"`,
    `base_url=${JSON.stringify(baseUrl)}`, // A JSON string is a basic string of TOML.
    ...(keyName === undefined ? [] : [`env_key="${keyName}"`]),
    `wire_api="responses"`,
    `supports_websockets=false`,
  ];
  return ["-c", "model_provider=cloister", "-c", `model_providers.cloister={${fields.join(",")}}`];
}
