import type { AgentCapabilities, RunLimits } from "@cloister/core";

/** An agent, as far as limits concern it. */
type LimitedAgent = { readonly title: string; readonly capabilities: Pick<AgentCapabilities, "usage" | "cost"> };

/** What decides on how well limits are kept. */
type Metering = {
  /** The run's agent is sent to the gateway, which counts and refuses by itself. */
  readonly isMetered: boolean;
  /** The configuration has `gateway.budgets`. */
  readonly hasBudgets: boolean;
  /** The model that the user names, whose price may be known. */
  readonly model: string | undefined;
};

/** Limits on money and tokens that can't be kept, or not exactly: a sentence each. Behind the gateway they are kept whatever the agent reports. */
export function describeBlindSpots(agent: LimitedAgent, limits: RunLimits, metering: Metering): string[] {
  const isLimited = limits.maxTokens !== undefined || limits.maxCost !== undefined;
  if (metering.isMetered) return isLimited || metering.hasBudgets ? describeDetour(agent) : [];
  return [
    ...(metering.hasBudgets
      ? [`${agent.title} is not behind the gateway: gateway.budgets does not hold it back. Limit the run instead.`]
      : []),
    ...(isLimited ? describeOwnFigures(agent, limits, metering.model) : []),
  ];
}

/** An agent that says nothing of its tokens may be a program that goes its own way, and nothing would show it. */
function describeDetour({ title, capabilities }: LimitedAgent): string[] {
  if (capabilities.usage) return [];
  return [
    `${title}: limits hold for what goes to the addresses in ANTHROPIC_BASE_URL, OPENAI_BASE_URL and GOOGLE_GEMINI_BASE_URL, which lead to the gateway.`,
  ];
}

function describeOwnFigures({ title, capabilities }: LimitedAgent, limits: RunLimits, model?: string): string[] {
  if (!capabilities.usage) {
    const kinds = [
      ...(limits.maxTokens === undefined ? [] : ["tokens"]),
      ...(limits.maxCost === undefined || capabilities.cost ? [] : ["cost"]),
    ];
    return kinds.map(
      (kind) => `${title} reports no ${kind}: the limit on ${kind} can't be kept. Limit iterations or time instead.`,
    );
  }
  const isReckoned = limits.maxCost !== undefined && !capabilities.cost && model === undefined;
  return [
    `${title} is not behind the gateway: limits on cost and tokens rest on its own figures, which may come at its end alone.`,
    ...(isReckoned
      ? [`${title} reports no cost: it is reckoned from tokens, where the model is known. Name it with --model.`]
      : []),
  ];
}
