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
function judgeCode(agent: AgentAdapter, heard: HeardEnd): AgentOutcome {
  const { voice, stderrTail, exit } = heard;
  const { code, signal } = exit;
  const said = stderrTail.trim().slice(-1000);
  if (agent.capabilities.finalMessage === "text") {
    if (code === 0) return { type: "finished" };
    if (isUnknownCommand(heard)) return failed("unavailable", `the shell could not start it: ${said}`);
  }
  const known = agent.classify?.({ code, signal, stderrTail, stdoutTail: textTail(agent, voice) });
  if (known !== undefined) return toFailure(known);
  return failed("crash", `the agent ended ${describeEnd(exit)}${said === "" ? "" : `: ${said}`}`);
}

/** What a shell says of a command that it can't find or run (POSIX, "Exit Status for Commands"). */
function isUnknownCommand({ voice, exit }: HeardEnd): boolean {
  return (exit.code === 126 || exit.code === 127) && voice.finalMessage.trim() === "";
}

function textTail({ capabilities }: AgentAdapter, voice: AgentVoice): string {
  return capabilities.finalMessage === "text" ? voice.finalMessage.slice(-8192) : "";
}

function describeEnd({ code, signal }: ProcessExit): string {
  if (signal !== null) return `by signal ${signal}`;
  return code === 0 ? "without a result" : `with exit code ${code}`;
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
