import { type AgentName, type AgentStatus, CloisterError } from "@cloister/core";
import type { AgentAdapter } from "../port.ts";

/** An agent and what was found out about it on this host. */
export type AgentProbe = { readonly adapter: AgentAdapter; readonly status: AgentStatus };

/** The agent that `auto` stands for, and why. */
export type AutoChoice = AgentProbe & { readonly reason: string };

/** Whom `auto` looks for, the preferred first. `acp` and `command` are no agents until a command line is named. */
export const AUTO_ORDER: readonly AgentName[] = [
  "claude",
  "codex",
  "gemini",
  "opencode",
  "copilot",
  "qwen",
  "kiro",
  "builtin",
];

/**
 * The first of `probes` that is installed and not known to be logged out.
 * @throws CloisterError `agent_unavailable` where there is none: it lists what was looked for, and says what to do.
 */
export function chooseAgent(probes: readonly AgentProbe[]): AutoChoice {
  const passedOver: string[] = [];
  for (const { adapter, status } of probes) {
    if (status.installed && status.login !== "logged_out") {
      const before = passedOver.length === 0 ? "" : ` Before it in order: ${passedOver.join("; ")}.`;
      return { adapter, status, reason: `${adapter.name} is used: ${status.detail}${before}` };
    }
    passedOver.push(`${adapter.name} is ${status.installed ? "logged out" : "not installed"}`);
  }
  throw new CloisterError({
    code: "agent_unavailable",
    message: `No usable coding agent was found: ${passedOver.join("; ")}.`,
    remedy:
      "Install one of them and log in (such as: npm install -g @anthropic-ai/claude-code), or set ANTHROPIC_API_KEY, OPENAI_API_KEY or GEMINI_API_KEY for the builtin agent, or name a program with --agent command --agent-command. `cloister agents` tells more.",
  });
}
