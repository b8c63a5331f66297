import { claude } from "./claude.ts";
import { codex } from "./codex.ts";
import { copilot } from "./copilot.ts";
import type { Dialect, MockAgentName } from "./dialect.ts";
import { gemini } from "./gemini.ts";
import { opencode } from "./opencode.ts";
import { command, kiro } from "./plain-text.ts";
import { qwen } from "./qwen.ts";

/** How each agent says things. */
export const DIALECTS: Readonly<Record<MockAgentName, Dialect>> = {
  claude,
  codex,
  gemini,
  opencode,
  copilot,
  qwen,
  kiro,
  command,
};
