import type { Cost, PromptResponse, Usage } from "@agentclientprotocol/sdk/unstable";
import { fromUsd, type MicroUsd, type TokenUsage } from "@cloister/core";
import { countAt, objectAt } from "../json-value.ts";

/** The usage that the end of a turn tells, in the protocol's own field or in Gemini CLI's. Undefined where it tells none. */
export function readUsage({ usage, _meta: meta }: PromptResponse): TokenUsage | undefined {
  if (usage) return toTokenUsage(usage);
  const tokens = objectAt(meta, "quota", "token_count");
  const input = countAt(tokens, "input_tokens");
  const output = countAt(tokens, "output_tokens");
  return input + output === 0 ? undefined : { input, cacheRead: 0, cacheWrite: 0, output, reasoning: 0 };
}

/**
 * The usage of a session. Agents differ in whether `inputTokens` holds the cached ones and `outputTokens` the thoughts:
 * the total tells, since it is the sum of what is counted apart.
 */
function toTokenUsage(usage: Usage): TokenUsage {
  const { inputTokens, outputTokens, totalTokens } = usage;
  const cacheRead = usage.cachedReadTokens ?? 0;
  const cacheWrite = usage.cachedWriteTokens ?? 0;
  const reasoning = usage.thoughtTokens ?? 0;
  const isCacheApart = totalTokens >= inputTokens + outputTokens + cacheRead + cacheWrite;
  const input = isCacheApart ? inputTokens : Math.max(inputTokens - cacheRead - cacheWrite, 0);
  const isThoughtApart = totalTokens >= input + cacheRead + cacheWrite + outputTokens + reasoning;
  return { input, cacheRead, cacheWrite, output: outputTokens + (isThoughtApart ? reasoning : 0), reasoning };
}

/** The cost in dollars, where it is in dollars. */
export function toCost(cost: Pick<Cost, "amount" | "currency"> | null | undefined): MicroUsd | undefined {
  const isUsd = cost?.currency === "USD" && Number.isFinite(cost.amount) && cost.amount >= 0;
  return isUsd ? fromUsd(cost.amount) : undefined;
}
