/** Answers as providers word them, for tests. */
import type { Wire } from "@cloister/core";

const TEXT = "Grüße 👋 “all”";

/** One server-sent event. */
export function toEvent(data: unknown): string {
  return `data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`;
}

/** The events of one whole streamed answer in every wire; each is one `data` line with its empty line. */
export const SAMPLE_STREAMS: Readonly<Record<Wire, readonly string[]>> = {
  anthropic: [
    {
      type: "message_start",
      message: {
        model: "claude-sonnet-4-5",
        usage: {
          input_tokens: 12,
          cache_read_input_tokens: 900,
          cache_creation_input_tokens: 300,
          cache_creation: { ephemeral_5m_input_tokens: 100, ephemeral_1h_input_tokens: 200 },
          output_tokens: 1,
        },
      },
    },
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: TEXT } },
    { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 55 } },
    { type: "message_stop" },
  ].map(toEvent),
  openai_responses: [
    { type: "response.created", response: { status: "in_progress", model: "gpt-5.2", usage: null } },
    { type: "response.output_text.delta", delta: TEXT },
    { type: "response.output_text.done", text: TEXT },
    {
      type: "response.completed",
      response: {
        status: "completed",
        model: "gpt-5.2",
        usage: {
          input_tokens: 1212,
          input_tokens_details: { cached_tokens: 900, cache_write_tokens: 300 },
          output_tokens: 55,
          output_tokens_details: { reasoning_tokens: 20 },
          total_tokens: 1267,
        },
      },
    },
  ].map(toEvent),
  openai_chat: [
    { model: "gpt-5.2", choices: [{ delta: { role: "assistant", content: "" }, finish_reason: null }], usage: null },
    { model: "gpt-5.2", choices: [{ delta: { content: TEXT }, finish_reason: null }], usage: null },
    { model: "gpt-5.2", choices: [{ delta: {}, finish_reason: "stop" }], usage: null },
    {
      model: "gpt-5.2",
      choices: [],
      usage: {
        prompt_tokens: 1212,
        prompt_tokens_details: { cached_tokens: 900, cache_write_tokens: 300 },
        completion_tokens: 55,
        completion_tokens_details: { reasoning_tokens: 20 },
        total_tokens: 1267,
      },
    },
    "[DONE]",
  ].map(toEvent),
  gemini: [
    {
      candidates: [{ content: { parts: [{ text: TEXT }], role: "model" } }],
      usageMetadata: { promptTokenCount: 1000, cachedContentTokenCount: 900, totalTokenCount: 1000 },
      modelVersion: "gemini-3-pro",
    },
    {
      candidates: [{ content: { parts: [{ text: "" }], role: "model" }, finishReason: "STOP" }],
      usageMetadata: {
        promptTokenCount: 1000,
        cachedContentTokenCount: 900,
        toolUsePromptTokenCount: 7,
        candidatesTokenCount: 35,
        thoughtsTokenCount: 20,
        totalTokenCount: 1062,
      },
      modelVersion: "gemini-3-pro",
    },
  ].map(toEvent),
};

/** Bytes of the text that each of {@link SAMPLE_STREAMS} holds, as JSON writes it. */
export const SAMPLE_TEXT_BYTES: number = Buffer.byteLength(JSON.stringify(TEXT)) - 2;
