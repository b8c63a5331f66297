import type { MockFailureName } from "./scenario.ts";

/** What a provider answers when a call fails. */
type FailureText = {
  /** HTTP status; left out where no answer came. */
  readonly status?: number;
  readonly message: string;
  /** Claude Code's name for it. */
  readonly claudeName: string;
};

/** What each failure looks like from outside, where a scenario does not say. */
export const FAILURE_TEXTS: Readonly<Record<MockFailureName, FailureText>> = {
  rate_limit: { status: 429, message: "You've hit your usage limit.", claudeName: "rate_limit" },
  overloaded: { status: 529, message: "Overloaded", claudeName: "overloaded" },
  network: { message: "Connection error: fetch failed (ECONNREFUSED)", claudeName: "unknown" },
  auth: { status: 401, message: "Invalid API key", claudeName: "authentication_failed" },
  budget: { status: 402, message: "Your credit balance is too low", claudeName: "billing_error" },
  context_overflow: {
    status: 400,
    message: "Prompt is too long: it exceeds the context window",
    claudeName: "invalid_request",
  },
  crash: { message: "TypeError: Cannot read properties of undefined", claudeName: "unknown" },
};

/** A failure as a dialect tells it. */
export type ToldFailure = {
  readonly name: MockFailureName;
  readonly message: string;
  readonly status?: number;
  /** When the limit lifts, ms since the epoch. */
  readonly resetAt?: number;
};

/** Puts a failure of a scenario into words; `now` in ms since the epoch. */
export function tellFailure(
  failure: { readonly failure: MockFailureName; readonly message?: string; readonly resetInSeconds?: number },
  now: number,
): ToldFailure {
  const { status, message } = FAILURE_TEXTS[failure.failure];
  return {
    name: failure.failure,
    message: failure.message ?? message,
    ...(status === undefined ? {} : { status }),
    ...(failure.resetInSeconds === undefined ? {} : { resetAt: now + failure.resetInSeconds * 1000 }),
  };
}

/** A message with its status before it, as most agents print it: `402 Your credit balance is too low`. */
export function withStatus({ status, message }: ToldFailure): string {
  return status === undefined ? message : `${status} ${message}`;
}

/** A message that says in words when the limit lifts, for agents that have no field for it. */
export function withReset(failure: ToldFailure, message: string, now: number): string {
  if (failure.resetAt === undefined) return message;
  const minutes = Math.max(1, Math.round((failure.resetAt - now) / 60_000));
  const hours = Math.floor(minutes / 60);
  const wait = hours === 0 ? `${minutes} minutes` : `${hours} hours ${minutes % 60} minutes`;
  return `${message} Please try again in ${wait}.`;
}
