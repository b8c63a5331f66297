import type { AgentEvent, FailureClass, TokenUsage } from "@cloister/core";

/** What an adapter must make of one recording. What is left out is expected not to be there. */
export type ExpectedRecording = {
  /** Texts of all messages, in order. */
  readonly messages: readonly string[];
  /** Tools that were called, in order, and whether they went well. */
  readonly tools: readonly { readonly tool: string; readonly ok: boolean }[];
  /** The last usage that was told, and the model and cost (in micro-dollars) beside it. */
  readonly usage?: TokenUsage;
  readonly model?: string;
  readonly cost?: number;
  /** The class of the failure that was told. */
  readonly failure?: FailureClass;
  /** Whether that failure says when a limit lifts. */
  readonly hasResetTime?: true;
  /** Classes of the retries that were told, in order. */
  readonly retries?: readonly FailureClass[];
  /** `ok` of the last `finished`. */
  readonly finished?: boolean;
};

/** What was made of a recording. */
export function digest(events: readonly AgentEvent[]): ExpectedRecording {
  const usage = events.findLast((event) => event.type === "usage");
  const failed = events.findLast((event) => event.type === "failed");
  const finished = events.findLast((event) => event.type === "finished");
  const retries = events.flatMap((event) => (event.type === "retrying" ? [event.failure] : []));
  const tools = events.flatMap((event) => (event.type === "tool_finished" ? [{ tool: event.tool, ok: event.ok }] : []));
  return {
    messages: events.flatMap((event) => (event.type === "message" ? [event.text] : [])),
    tools,
    ...(usage === undefined ? {} : { usage: usage.usage }),
    ...(usage?.model === undefined ? {} : { model: usage.model }),
    ...(usage?.cost === undefined ? {} : { cost: usage.cost }),
    ...(failed === undefined ? {} : { failure: failed.failure }),
    ...(failed?.resetAt === undefined ? {} : { hasResetTime: true }),
    ...(retries.length === 0 ? {} : { retries }),
    ...(finished === undefined ? {} : { finished: finished.ok }),
  };
}
