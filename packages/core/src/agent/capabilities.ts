/** The agents that Cloister can run. */
export const AGENT_NAMES = [
  "claude",
  "codex",
  "gemini",
  "opencode",
  "copilot",
  "qwen",
  "kiro",
  "acp",
  "command",
  "builtin",
] as const;
export type AgentName = (typeof AGENT_NAMES)[number];

/** What an agent can do. What it can't is said, not hidden. */
export type AgentCapabilities = {
  /** Reports tokens. */
  readonly usage: boolean;
  /** Reports money. Without it, cost is reckoned from tokens and a price table, where the model is known. */
  readonly cost: boolean;
  /** Can go on with an earlier session. (Cloister starts each iteration fresh.) */
  readonly resume: boolean;
  /** Takes remarks while it runs. Without it, they reach the next prompt. */
  readonly steering: boolean;
  /** How the final message is known: `structured` from typed events, `text` as the whole of standard output. */
  readonly finalMessage: "structured" | "text";
  /** Can be told which model to use. */
  readonly model: boolean;
  /** Can be sent to another model endpoint, and so be metered. */
  readonly redirect: boolean;
};

/** What was found out about an agent on this host. */
export type AgentStatus = {
  readonly installed: boolean;
  /** Absolute path of the program, where it is one. */
  readonly path?: string;
  readonly version?: string;
  readonly login: "logged_in" | "logged_out" | "unknown" | "not_needed";
  /** How that was found out, or what to do: one sentence. Never holds a secret. */
  readonly detail: string;
};
