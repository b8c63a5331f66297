import type { AgentAdapter } from "../port.ts";
import { converseInText } from "../text-output.ts";
import { launchCommand } from "./launch.ts";
import { probeCommand } from "./probe.ts";

/**
 * Any program: `--agent-command`. What it prints is text, even where it looks like some agent's events: a program whose
 * events should be understood is run through that agent's own adapter, which takes `--agent-command` too.
 */
export const commandAgent: AgentAdapter = {
  name: "command",
  title: "Any command",
  providers: ["anthropic", "openai", "gemini"],
  capabilities: {
    usage: false,
    cost: false,
    resume: false,
    steering: false,
    finalMessage: "text",
    model: false,
    redirect: false,
  },
  limitations: [
    "All that it prints on standard output is its final message (the last 64 KiB): a claim that it merely quotes at the end counts as its own.",
    "It reports neither tokens nor money: without the gateway, limits on tokens and cost do not hold it back.",
    "It starts anew each time: there is no session to resume.",
    "It takes no remarks while it runs: a remark reaches the next prompt.",
    "It is told neither which model to use nor which endpoint: give both in its command line or environment.",
  ],
  probe: probeCommand,
  launch: launchCommand,
  converse: ({ output }) => converseInText(output),
};
