import type { AgentEvent, FailureClass } from "@cloister/core";
import type { AgentExit, Failure } from "./port.ts";
import { parseResetTime } from "./reset-time.ts";
import { toMessage } from "./text.ts";

/** What providers and CLIs say, the most telling first: a spent budget comes with the status of a rate limit. */
const SAYINGS: readonly (readonly [FailureClass, RegExp])[] = [
  [
    "context_overflow",
    /prompt (?:is|as) too long|context.length.exceeded|context window|maximum context|input token count.{0,40}exceeds|request too large/i,
  ],
  [
    "budget",
    /insufficient.quota|billing|credit balance|payment required|budget|exceeded your current quota|no quota|out of credits/i,
  ],
  ["rate_limit", /rate.?limit|too many requests|usage limit|hit your .{0,20}limit|quota|resource.exhausted/i],
  ["overloaded", /overloaded|at capacity|high demand|service unavailable|temporarily unavailable/i],
  [
    "auth",
    /not logged in|log ?in\b|api.?key|unauthori[sz]ed|unauthenticated|authenticat|auth method|permission.denied|forbidden|credentials|token (?:has )?expired/i,
  ],
  [
    "network",
    /E(?:CONN|NOTFOUND|TIMEDOUT|AI_AGAIN|PIPE)|fetch failed|connection|network|socket|stream disconnected|error sending request|timed? ?out|internal server error|bad gateway/i,
  ],
];

/** An HTTP status where messages hold one: `API Error: 401 …`, `last status: 429`, `(HTTP 503)`, `402 Your credit …`. */
const STATUS = /(?:status|error|http|code|rejected)[\s:("']{1,4}([45]\d\d)\b|^([45]\d\d)\b/i;

/** What a message calls for, or undefined where it fits no class: then it is a crash. */
function classOfMessage(message: string): FailureClass | undefined {
  return SAYINGS.find(([, pattern]) => pattern.test(message))?.[0];
}

/** What an HTTP status calls for; undefined where it takes the message to know, or it is none. */
function classOfStatus(status: number): FailureClass | undefined {
  if (status === 401 || status === 403) return "auth";
  if (status === 402) return "budget";
  if (status === 413) return "context_overflow";
  if (status === 503 || status === 529) return "overloaded";
  return status >= 500 && status < 600 ? "network" : undefined;
}

/** An error as an agent tells it. */
export type ToldError = {
  readonly message: string;
  /** HTTP status, where it is known apart from the message. */
  readonly status?: number | undefined;
  /** The agent's or provider's own name for the kind of error. */
  readonly kind?: string | undefined;
};

/**
 * Classifies an error of a model provider or a CLI.
 * Only ever call it with an agent's error messages: an agent's prose, or a tool's output, may quote any of these words.
 * @param now ms since the epoch.
 */
export function classifyFailure(told: ToldError, now: number = Date.now()): Failure {
  const { message, kind = "", status = readStatus(message) } = told;
  const failure = classOf(status, classOfMessage(`${kind} ${message}`));
  const resetAt = failure === "rate_limit" ? parseResetTime(message, now) : undefined;
  const text = toMessage(message || kind) || (status > 0 ? `HTTP status ${status}` : "No message was given.");
  return { failure, message: text, ...(resetAt === undefined ? {} : { resetAt }) };
}

function readStatus(message: string): number {
  const [, named, leading] = STATUS.exec(message) ?? [];
  return Number(named ?? leading ?? 0);
}

/** A 429 is a rate limit unless its message speaks of money; any other status is a clearer word than the message. */
function classOf(status: number, said: FailureClass | undefined): FailureClass {
  if (status === 429) return said === "budget" ? "budget" : "rate_limit";
  return classOfStatus(status) ?? said ?? "crash";
}

/** A failure as an event. */
export function toFailedEvent(failure: Failure): AgentEvent {
  return { type: "failed", ...failure };
}

/**
 * What an exit means by its standard error alone (standard output may quote anything).
 * Undefined where that is empty, or fits no class.
 */
export function classifyStderr(exit: AgentExit): Failure | undefined {
  if (exit.stderrTail.trim() === "") return undefined;
  const failure = classifyFailure({ message: exit.stderrTail });
  return failure.failure === "crash" ? undefined : { ...failure, message: lastLine(exit.stderrTail) };
}

function lastLine(text: string): string {
  return toMessage(text.trim().split("\n").at(-1) ?? "");
}
