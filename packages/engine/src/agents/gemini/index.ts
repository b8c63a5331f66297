import { converseInNdjson } from "../converse.ts";
import type { AgentAdapter } from "../port.ts";
import { probeProgram } from "../probe-program.ts";
import { classifyGeminiExit } from "./exit.ts";
import { launchGemini } from "./launch.ts";
import { createGeminiTranslator } from "./translate.ts";

/** Gemini CLI: `gemini`. */
export const geminiAgent: AgentAdapter = {
  name: "gemini",
  title: "Gemini CLI",
  providers: ["gemini"],
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
    "It reports no money: without the gateway, cost is reckoned from tokens at list price of the model that did most.",
    "It reports tokens at its end alone: without the gateway, a limit on tokens or cost is checked between iterations.",
    "With GEMINI_API_KEY and GOOGLE_GEMINI_BASE_URL it gets a home of its own for the iteration: settings in ~/.gemini are not seen.",
    "It takes no remarks while it runs in this mode: a remark reaches the next prompt.",
  ],
  probe: (env, command) =>
    probeProgram(
      {
        programs: ["gemini"],
        install: "Install it with: npm install --global @google/gemini-cli.",
        login: {
          variables: ["GEMINI_API_KEY", "GOOGLE_GENAI_USE_VERTEXAI", "GOOGLE_GENAI_USE_GCA"],
          files: [".gemini/oauth_creds.json"],
          otherwise: "logged_out",
          remedy: "Run gemini and log in, or set GEMINI_API_KEY.",
        },
      },
      env,
      command,
    ),
  launch: launchGemini,
  converse: ({ output }) => converseInNdjson(output, createGeminiTranslator()),
  classify: classifyGeminiExit,
};
