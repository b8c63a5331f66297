import type { AgentCapabilities, RunLimits } from "@cloister/core";

/** An agent, as far as limits concern it. */
type MeteredAgent = { readonly title: string; readonly capabilities: Pick<AgentCapabilities, "usage" | "cost"> };

/**
 * Limits that can't be kept, or not exactly, because the agent does not report what they count: a sentence each.
 * @param model the model that the user names, whose price may be known.
 */
export function describeBlindSpots(
  { title, capabilities }: MeteredAgent,
  limits: RunLimits,
  model: string | undefined,
): string[] {
  const spots: string[] = [];
  if (limits.maxTokens !== undefined && !capabilities.usage)
    spots.push(`${title} reports no tokens: the limit on tokens can't be kept. Limit iterations or time instead.`);
  if (limits.maxCost === undefined || capabilities.cost || (capabilities.usage && model !== undefined)) return spots;
  return [
    ...spots,
    capabilities.usage
      ? `${title} reports no cost: it is reckoned from tokens, where the model is known. Name it with --model.`
      : `${title} reports neither cost nor tokens: the limit on cost can't be kept. Limit iterations or time instead.`,
  ];
}
