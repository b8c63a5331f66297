import { converseInNdjson } from "../converse.ts";
import { classifyStderr } from "../failure.ts";
import type { AgentAdapter } from "../port.ts";
import { probeProgram } from "../probe-program.ts";
import { launchClaude } from "./launch.ts";
import { createClaudeTranslator } from "./translate.ts";

/** Claude Code: `claude`. */
export const claudeAgent: AgentAdapter = {
  name: "claude",
  title: "Claude Code",
  providers: ["anthropic"],
  capabilities: {
    usage: true,
    cost: true,
    resume: true,
    steering: false,
    finalMessage: "structured",
    model: true,
    redirect: true,
  },
  limitations: ["It takes no remarks while it runs in this mode: a remark reaches the next prompt."],
  probe: (env, command) =>
    probeProgram(
      {
        programs: ["claude"],
        install: "Install it with: npm install --global @anthropic-ai/claude-code.",
        login: {
          variables: [
            "ANTHROPIC_API_KEY",
            "ANTHROPIC_AUTH_TOKEN",
            "CLAUDE_CODE_OAUTH_TOKEN",
            "CLAUDE_CODE_USE_BEDROCK",
            "CLAUDE_CODE_USE_VERTEX",
          ],
          files: [`${env["CLAUDE_CONFIG_DIR"] ?? ".claude"}/.credentials.json`],
          // On macOS the login is in the keychain, which is not looked into.
          otherwise: process.platform === "darwin" ? "unknown" : "logged_out",
          remedy: "Run claude and log in, or set ANTHROPIC_API_KEY.",
        },
      },
      env,
      command,
    ),
  launch: launchClaude,
  converse: ({ output }) => converseInNdjson(output, createClaudeTranslator({ inputIncludesCache: false })),
  classify: classifyStderr,
};
