import type { Wire } from "@cloister/core";
import type { JsonObject } from "../../agents/json-value.ts";

/** Where a wire keeps the parts of a prompt in a request's body. */
export type PromptLayout = {
  /** Keys of the system prompt. A conversation that starts with messages of the system's role adds those. */
  readonly system: readonly string[];
  /** Keys of what else the provider's cache depends on. */
  readonly settings: readonly string[];
  /** The key of the conversation. */
  readonly messages: string;
  /** Tells whether what is in `node` comes from a tool. */
  isToolResult(node: JsonObject): boolean;
};

/**
 * The layouts, as the providers' API references describe them. Types that end alike are taken together, so that server-side tools
 * (`web_fetch_tool_result`, `local_shell_call_output`) count too.
 */
export const PROMPT_LAYOUTS: Readonly<Record<Wire, PromptLayout>> = {
  anthropic: {
    system: ["system"],
    // https://docs.claude.com/en/docs/build-with-claude/prompt-caching: changes of these invalidate the cached messages.
    settings: ["tool_choice", "thinking"],
    messages: "messages",
    isToolResult: (node) => hasTypeEnding(node, "tool_result"),
  },
  openai_responses: {
    system: ["instructions"],
    settings: [],
    messages: "input",
    isToolResult: (node) => hasTypeEnding(node, "_output"),
  },
  openai_chat: {
    system: [],
    settings: [],
    messages: "messages",
    isToolResult: (node) => node["role"] === "tool" || node["role"] === "function",
  },
  gemini: {
    system: ["systemInstruction", "system_instruction"],
    settings: [],
    messages: "contents",
    isToolResult: (node) => Object.hasOwn(node, "functionResponse") || Object.hasOwn(node, "function_response"),
  },
};

function hasTypeEnding(node: JsonObject, ending: string): boolean {
  return typeof node["type"] === "string" && node["type"].endsWith(ending);
}
