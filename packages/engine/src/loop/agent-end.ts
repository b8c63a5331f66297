/** What came of an agent: how it ended, and what that cost. */
import {
  excerpt,
  fromUsd,
  isClaim,
  NO_USAGE,
  type AgentOutcome,
  type MicroUsd,
  type RunEvent,
  type TokenUsage,
} from "@cloister/core";
import { priceUsage } from "../agents/price.ts";
import { judgeExit, type AgentVoice, type HeardEnd } from "./agent-outcome.ts";
import type { Session } from "./session.ts";

type EndedFacts = Omit<Extract<RunEvent, { type: "agent_ended" }>, "iteration" | "output">;

/** The facts of an agent's end, as the journal keeps them. */
export async function describeEnd(session: Session, { voice, stderrTail, exit }: HeardEnd): Promise<EndedFacts> {
  const outcome = overrule(session, judgeExit(session.parts.agent, { voice, stderrTail, exit }));
  return {
    type: "agent_ended",
    outcome,
    claimed: outcome.type === "finished" && isClaim(voice.finalMessage),
    finalMessage: excerpt(voice.finalMessage, 16_000),
    ...(await findSpending(session, voice)),
    durationMs: Math.round(exit.durationMs),
    exitCode: exit.code,
    signal: exit.signal,
    survivors: exit.survivors,
  };
}

/** An agent that was ended because its iteration's budget is spent, or its context full, has not failed: the next one goes on. */
function overrule({ state, parts }: Session, outcome: AgentOutcome): AgentOutcome {
  if (outcome.type !== "failed") return outcome;
  if (state.open?.spentOut === true) return { ...outcome, failure: "iteration_budget" };
  if (state.open?.contextFull !== true || parts.config.gateway.contextAction !== "end") return outcome;
  return { ...outcome, failure: "context_overflow" };
}

type Spending = Pick<EndedFacts, "usage" | "cost" | "costFrom" | "said">;

/** What the gateway has metered, and the agent's own figures beside it as a claim; without a gateway, those alone. */
async function findSpending({ state }: Session, voice: AgentVoice): Promise<Spending> {
  const { usage: said, cost: saidCost } = voice.usage ?? {};
  const { requests, usage = NO_USAGE, cost = fromUsd(0) } = state.open ?? {};
  if (requests === undefined) {
    const usage = said ?? NO_USAGE;
    return { usage, ...(await findCost(voice, usage, state.charter.agent.model)) };
  }
  const claim =
    said === undefined ? {} : { said: { usage: said, ...(saidCost === undefined ? {} : { cost: saidCost }) } };
  return { usage, cost, costFrom: "gateway", ...claim };
}

/** The agent's own figure, or one reckoned from its tokens; else unknown. */
async function findCost(
  voice: AgentVoice,
  usage: TokenUsage,
  asked: string | undefined,
): Promise<{ cost: MicroUsd; costFrom: "agent" | "priced" | "unknown" }> {
  if (voice.usage?.cost !== undefined) return { cost: voice.usage.cost, costFrom: "agent" };
  const model = voice.usage?.model ?? voice.model ?? asked;
  const cost = voice.usage === undefined || model === undefined ? undefined : await priceUsage(usage, model);
  return cost === undefined ? { cost: fromUsd(0), costFrom: "unknown" } : { cost, costFrom: "priced" };
}
