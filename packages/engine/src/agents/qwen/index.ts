import type { ClaudeDialect } from "../claude/read-line.ts";
import { createClaudeTranslator } from "../claude/translate.ts";
import { converseInNdjson } from "../converse.ts";
import { classifyStderr } from "../failure.ts";
import type { AgentAdapter } from "../port.ts";
import { probeProgram } from "../probe-program.ts";
import { launchQwen } from "./launch.ts";

const DIALECT: ClaudeDialect = { inputIncludesCache: true, errorPrefix: "[API Error:" };

/** Qwen Code: `qwen`. It prints events in Claude Code's format. */
export const qwenAgent: AgentAdapter = {
  name: "qwen",
  title: "Qwen Code",
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
    "It reports no money: without the gateway, cost is reckoned from tokens at list price, where the model is known.",
    "It takes no remarks while it runs in this mode: a remark reaches the next prompt.",
  ],
  probe: (env, command) =>
    probeProgram(
      {
        programs: ["qwen"],
        install: "Install it with: npm install --global @qwen-code/qwen-code.",
        login: {
          variables: ["OPENAI_API_KEY", "DASHSCOPE_API_KEY"],
          files: [".qwen/oauth_creds.json"],
          otherwise: "logged_out",
          remedy: "Run qwen and log in, or set OPENAI_API_KEY.",
        },
      },
      env,
      command,
    ),
  launch: launchQwen,
  converse: ({ output }) => converseInNdjson(output, createClaudeTranslator(DIALECT)),
  classify: classifyStderr,
};
