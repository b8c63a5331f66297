import { converseInNdjson } from "../converse.ts";
import { classifyStderr } from "../failure.ts";
import type { AgentAdapter } from "../port.ts";
import { probeProgram } from "../probe-program.ts";
import { launchOpencode } from "./launch.ts";
import { createOpencodeTranslator } from "./translate.ts";

/** opencode: `opencode`. */
export const opencodeAgent: AgentAdapter = {
  name: "opencode",
  title: "opencode",
  providers: ["anthropic", "openai", "gemini"],
  capabilities: {
    usage: true,
    cost: true,
    resume: true,
    steering: false,
    finalMessage: "structured",
    model: true,
    redirect: true,
  },
  limitations: [
    "It now and then hangs at its start: an idle timeout ends that.",
    "The tokens with which it makes up a session's title are not reported.",
    "It takes no remarks while it runs in this mode: a remark reaches the next prompt.",
  ],
  probe: (env, command) =>
    probeProgram(
      {
        programs: ["opencode"],
        install: "Install it with: npm install --global opencode-ai.",
        login: {
          variables: [
            "ANTHROPIC_API_KEY",
            "OPENAI_API_KEY",
            "GEMINI_API_KEY",
            "OPENROUTER_API_KEY",
            "OPENCODE_API_KEY",
          ],
          files: [`${env["XDG_DATA_HOME"] ?? ".local/share"}/opencode/auth.json`],
          otherwise: "unknown",
          remedy: "Run opencode auth login, or set the key of a provider.",
        },
      },
      env,
      command,
    ),
  launch: launchOpencode,
  converse: ({ request, output }) => converseInNdjson(output, createOpencodeTranslator(request.model)),
  classify: classifyStderr,
};
