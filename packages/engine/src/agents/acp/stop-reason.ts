import type { StopReason } from "@agentclientprotocol/sdk/unstable";
import type { AgentEvent } from "@cloister/core";
import type { Failure } from "../port.ts";

const FAILURES: Readonly<Record<Exclude<StopReason, "end_turn">, Failure>> = {
  max_tokens: { failure: "context_overflow", message: "The agent reached its limit of tokens." },
  max_turn_requests: { failure: "crash", message: "The agent reached its limit of model requests in a turn." },
  refusal: { failure: "crash", message: "The agent refused to go on." },
  cancelled: { failure: "crash", message: "The agent's turn was cancelled." },
};

/** What the end of a turn means. */
export function toStopEvents(reason: StopReason): readonly AgentEvent[] {
  if (reason === "end_turn") return [{ type: "finished", ok: true }];
  return [
    { type: "failed", ...FAILURES[reason] },
    { type: "finished", ok: false },
  ];
}
