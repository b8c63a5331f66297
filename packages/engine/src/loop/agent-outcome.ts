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
export function judgeExit(agent: AgentAdapter, heard: HeardEnd): AgentOutcome {
  const { voice, exit } = heard;
  if (exit.cause === "spawn_failed")
    return failed("unavailable", `could not be started: ${exit.error ?? "unknown error"}`);
  if (endedProperly(agent, heard)) return { type: "finished" };
  if (exit.cause === "aborted") return { type: "stopped" };
  if (voice.failed !== undefined) return toFailure(voice.failed);
  if (exit.cause === "timeout") return failed("timeout", "the iteration's time limit was reached");
  if (exit.cause === "idle") return failed("idle", "the agent said nothing for the idle limit");
  return judgeCode(agent, heard);
}

/** Text that ends is no last word: it ends as well where the process was stopped. A result event is one, whatever became of the process. */
function endedProperly({ capabilities }: AgentAdapter, { voice, exit }: HeardEnd): boolean {
  if (voice.finished !== true) return false;
  if (exit.cause === "exited") return exit.code === 0;
  return capabilities.finalMessage === "structured";
}

/** It ended by itself, and did not say how. */
function judgeCode(agent: AgentAdapter, { voice, stderrTail, exit }: HeardEnd): AgentOutcome {
  const { code, signal } = exit;
  const speaksText = agent.capabilities.finalMessage === "text";
  if (code === 0 && speaksText) return { type: "finished" };
  if (speaksText && (code === 126 || code === 127) && voice.finalMessage.trim() === "")
    return failed("unavailable", `the shell could not start it: ${stderrTail.trim().slice(-500)}`);
  const stdoutTail = speaksText ? voice.finalMessage.slice(-8192) : "";
  const known = agent.classify?.({ code, signal, stderrTail, stdoutTail });
  if (known !== undefined) return toFailure(known);
  const how = code === 0 ? "without a result" : signal === null ? `with exit code ${code}` : `by signal ${signal}`;
  const said = stderrTail.trim().slice(-1000);
  return failed("crash", `the agent ended ${how}${said === "" ? "" : `: ${said}`}`);
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
