import { converseInNdjson } from "../converse.ts";
import { classifyStderr } from "../failure.ts";
import type { AgentAdapter } from "../port.ts";
import { probeProgram } from "../probe-program.ts";
import { launchCodex } from "./launch.ts";
import { createCodexTranslator } from "./translate.ts";

/** OpenAI Codex: `codex`. */
export const codexAgent: AgentAdapter = {
  name: "codex",
  title: "Codex",
  providers: ["openai"],
  capabilities: {
    usage: true,
    cost: false,
    resume: true,
    steering: false,
    finalMessage: "structured",
    model: true,
    redirect: true,
  },
  limitations: [
    "It reports no money: without the gateway, cost is reckoned from tokens at list price, and only where --model is given, since it does not say which model it uses.",
    "It reports tokens at its end alone: without the gateway, a limit on tokens or cost is checked between iterations.",
    "Without a network it retries for ever: an iteration timeout ends that.",
    "It takes no remarks while it runs in this mode: a remark reaches the next prompt.",
  ],
  probe: (env, command) =>
    probeProgram(
      {
        programs: ["codex"],
        install: "Install it with: npm install --global @openai/codex.",
        login: {
          // OPENAI_API_KEY alone logs in to another endpoint only; to OpenAI's own it takes CODEX_API_KEY or a login.
          variables: ["CODEX_API_KEY", ...((env["OPENAI_BASE_URL"] ?? "") === "" ? [] : ["OPENAI_API_KEY"])],
          files: [`${env["CODEX_HOME"] ?? ".codex"}/auth.json`],
          otherwise: "logged_out",
          remedy: "Run codex login, or set CODEX_API_KEY.",
        },
      },
      env,
      command,
    ),
  launch: launchCodex,
  converse: ({ request, output }) => converseInNdjson(output, createCodexTranslator(request.model)),
  classify: classifyStderr,
};
