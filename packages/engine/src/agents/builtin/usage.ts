import type { LanguageModelUsage } from "ai";
import type { TokenUsage } from "@cloister/core";

/** The SDK's usage of one request, by kind. What a provider does not say counts as 0. */
export function toTokenUsage(request: LanguageModelUsage): TokenUsage {
  const { inputTokens = 0, inputTokenDetails: input, outputTokens = 0, outputTokenDetails: output } = request;
  const { cacheReadTokens: cacheRead = 0, cacheWriteTokens: cacheWrite = 0 } = input;
  return {
    input: input.noCacheTokens ?? Math.max(inputTokens - cacheRead - cacheWrite, 0),
    cacheRead,
    cacheWrite,
    output: outputTokens,
    reasoning: output.reasoningTokens ?? 0,
  };
}
