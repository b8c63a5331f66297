import { anthropicMessages } from "./anthropic-messages.ts";
import { gemini } from "./gemini.ts";
import { openAiChat } from "./openai-chat.ts";
import { openAiResponses } from "./openai-responses.ts";
import type { Wire } from "./wire.ts";

/** Every wire that the server speaks. */
export const WIRES: readonly Wire[] = [anthropicMessages, openAiResponses, openAiChat, gemini];
