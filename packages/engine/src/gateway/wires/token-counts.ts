import type { JsonObject } from "../../agents/json-value.ts";
import type { AnswerCounts } from "./answer-format.ts";

/** More tokens than any request can have; sums of thousands of such counts are still exact. */
export const MAX_TOKENS: number = 2 ** 40;

/** Brings a number into 0 to {@link MAX_TOKENS}, as an integer. */
export function clampTokens(count: number): number {
  return Math.min(Math.max(Math.round(count), 0), MAX_TOKENS);
}

/** The tokens under `name`, within bounds; undefined where there is no number. */
export function tokensIn(usage: JsonObject, name: string): number | undefined {
  const count = usage[name];
  return typeof count === "number" ? clampTokens(count) : undefined;
}

/** Sorts a prompt that includes what was read from and written to a cache. No part becomes more than the whole. */
export function splitPrompt(
  prompt: number,
  cached: number,
  written: number,
): Pick<AnswerCounts, "input" | "cacheRead" | "cacheWrite"> {
  const cacheRead = Math.min(cached, prompt);
  const cacheWrite = Math.min(written, prompt - cacheRead);
  return { input: prompt - cacheRead - cacheWrite, cacheRead, cacheWrite };
}
