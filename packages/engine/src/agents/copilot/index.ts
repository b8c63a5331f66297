import { converseInNdjson } from "../converse.ts";
import { classifyStderr } from "../failure.ts";
import type { AgentAdapter } from "../port.ts";
import { probeProgram } from "../probe-program.ts";
import { launchCopilot } from "./launch.ts";
import { createCopilotTranslator } from "./translate.ts";

/** GitHub Copilot CLI: `copilot`. */
export const copilotAgent: AgentAdapter = {
  name: "copilot",
  title: "GitHub Copilot CLI",
  providers: [],
  capabilities: {
    usage: false,
    cost: false,
    resume: true,
    steering: false,
    finalMessage: "structured",
    model: true,
    redirect: true,
  },
  limitations: [
    "It reports neither tokens nor money: limits on tokens and cost do not hold it back; limit iterations and time.",
    "It takes no remarks while it runs in this mode: a remark reaches the next prompt.",
  ],
  probe: (env, command) =>
    probeProgram(
      {
        programs: ["copilot"],
        install: "Install it with: npm install --global @github/copilot.",
        login: {
          variables: ["COPILOT_GITHUB_TOKEN", "GH_TOKEN", "GITHUB_TOKEN", "COPILOT_PROVIDER_BASE_URL"],
          files: [],
          // A login is kept in the system's keychain, or by the GitHub CLI.
          otherwise: "unknown",
          remedy: "Run copilot and use /login, or set COPILOT_GITHUB_TOKEN.",
        },
      },
      env,
      command,
    ),
  launch: launchCopilot,
  converse: ({ output }) => converseInNdjson(output, createCopilotTranslator()),
  classify: classifyStderr,
};
