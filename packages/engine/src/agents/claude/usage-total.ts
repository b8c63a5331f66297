import { NO_USAGE, type TokenUsage } from "@cloister/core";

/** Messages whose usage may still change: the main one's and those of subagents that run beside it. */
const MOST_OPEN = 64;

/** The sum of the usage of messages whose usage is said several times over. */
export interface UsageTotal {
  /** Replaces what was said of message `id`. Returns the new sum, or undefined where it did not change. */
  set(id: string, usage: TokenUsage): TokenUsage | undefined;
}

/** A sum of nothing. Memory is bounded: of all but the last messages only the sum is kept. */
export function createUsageTotal(): UsageTotal {
  const last = new Map<string, TokenUsage>();
  let total = NO_USAGE;
  return {
    set(id, usage) {
      const before = last.get(id) ?? NO_USAGE;
      const [oldest] = last.keys();
      if (oldest !== undefined && last.size >= MOST_OPEN && !last.has(id)) last.delete(oldest);
      last.set(id, usage);
      const next = replace(total, before, usage);
      if (isSame(next, total)) return undefined;
      total = next;
      return total;
    },
  };
}

function replace(total: TokenUsage, before: TokenUsage, after: TokenUsage): TokenUsage {
  return {
    input: total.input - before.input + after.input,
    cacheRead: total.cacheRead - before.cacheRead + after.cacheRead,
    cacheWrite: total.cacheWrite - before.cacheWrite + after.cacheWrite,
    output: total.output - before.output + after.output,
    reasoning: total.reasoning - before.reasoning + after.reasoning,
  };
}

function isSame(left: TokenUsage, right: TokenUsage): boolean {
  return (Object.keys(left) as (keyof TokenUsage)[]).every((key) => left[key] === right[key]);
}
