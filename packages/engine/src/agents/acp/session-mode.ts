import type { SessionModeState } from "@agentclientprotocol/sdk/unstable";

/**
 * Modes in which an agent works without asking: Codex's (whose own sandbox else refuses the work), Claude's, and that of Gemini
 * and Qwen (which else lets a model judge what is safe).
 */
const UNATTENDED_MODES = ["agent-full-access", "bypassPermissions", "yolo"];

/** The mode to switch to, where one is offered in which the agent works without asking and it is not in it yet. */
export function chooseMode(modes: SessionModeState | null | undefined): string | undefined {
  const offered = modes?.availableModes.map(({ id }) => id) ?? [];
  const mode = UNATTENDED_MODES.find((id) => offered.includes(id));
  return mode === modes?.currentModeId ? undefined : mode;
}
