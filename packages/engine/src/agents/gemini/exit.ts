import { classifyFailure, classifyStderr } from "../failure.ts";
import type { AgentExit, Failure } from "../port.ts";

/** Exit codes that Gemini CLI documents. */
const AUTH_FAILED = 41;
/** Exit codes from here on are HTTP statuses, of which a process can tell the last eight bits alone: 144 is 400. */
const FIRST_STATUS = 144;

/** What an exit of Gemini CLI means. */
export function classifyGeminiExit(exit: AgentExit): Failure | undefined {
  const told = classifyStderr(exit);
  if (exit.code === AUTH_FAILED) {
    return { failure: "auth", message: told?.message ?? "Gemini CLI could not log in (exit 41)." };
  }
  const status = toStatus(exit.code);
  if (status === undefined || (status === 400 && told !== undefined)) return told;
  const { failure } = classifyFailure({ message: exit.stderrTail, status });
  return { ...told, failure, message: told?.message ?? `Gemini CLI ended with the provider's status ${status}.` };
}

function toStatus(code: number | null): number | undefined {
  return code === null || code < FIRST_STATUS ? undefined : code + 256;
}
