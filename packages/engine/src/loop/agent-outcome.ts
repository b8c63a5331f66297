import type { AgentEvent, AgentOutcome, IterationFailure } from "@cloister/core";
import type { AgentAdapter } from "../agents/port.ts";
import type { ProcessExit } from "../process/port.ts";

/** What was heard from an agent. */
export type AgentVoice = {
  finalMessage: string;
  model?: string;
  usage?: Extract<AgentEvent, { type: "usage" }>;
  failed?: Extract<AgentEvent, { type: "failed" }>;
  /** Undefined: it never said that it had ended. */
  finished?: boolean;
};

/** An agent's end, for {@link judgeExit}. */
export type HeardEnd = { readonly voice: AgentVoice; readonly stderrTail: string; readonly exit: ProcessExit };

/** How the agent's process came to its end. An agent that ended properly, then hung, has ended properly. */
export function judgeExit(agent: AgentAdapter, { voice, stderrTail, exit }: HeardEnd): AgentOutcome {
  if (exit.cause === "spawn_failed")
    return failed("unavailable", `could not be started: ${exit.error ?? "unknown error"}`);
  if (voice.finished === true && (exit.code === 0 || exit.cause !== "exited")) return { type: "finished" };
  if (exit.cause === "aborted") return { type: "stopped" };
  if (voice.failed !== undefined) return toFailure(voice.failed);
  if (exit.cause === "timeout") return failed("timeout", "the iteration's time limit was reached");
  if (exit.cause === "idle") return failed("idle", "the agent said nothing for the idle limit");
  const spokeText = agent.capabilities.finalMessage === "text";
  if (exit.code === 0 && spokeText) return { type: "finished" };
  const known = agent.classify?.({
    code: exit.code,
    signal: exit.signal,
    stderrTail,
    stdoutTail: spokeText ? voice.finalMessage.slice(-8192) : "",
  });
  if (known !== undefined) return toFailure(known);
  const end = exit.signal === null ? `exit code ${exit.code}` : `signal ${exit.signal}`;
  const why = exit.code === 0 ? "ended without a result" : `ended with ${end}`;
  return failed("crash", `the agent ${why}${stderrTail.trim() === "" ? "" : `: ${stderrTail.trim().slice(-1000)}`}`);
}

function failed(failure: IterationFailure, message: string): AgentOutcome {
  return { type: "failed", failure, message };
}

function toFailure({
  failure,
  message,
  resetAt,
}: {
  failure: IterationFailure;
  message: string;
  resetAt?: number;
}): AgentOutcome {
  return { type: "failed", failure, message: message.slice(0, 2000), ...(resetAt === undefined ? {} : { resetAt }) };
}
