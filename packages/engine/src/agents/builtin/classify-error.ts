import { APICallError, InvalidResponseDataError, JSONParseError, RetryError, TypeValidationError } from "ai";
import type { FailureClass } from "@cloister/core";
import { classifyFailure } from "../failure.ts";
import type { Failure } from "../port.ts";
import { toMessage } from "../text.ts";
import { readResetTime } from "../reset-headers.ts";

/** What a failed request means, and whether asking again soon may help. */
export type RequestFailure = Failure & { readonly retryable: boolean };

const RETRYABLE: ReadonlySet<FailureClass> = new Set(["rate_limit", "overloaded", "network"]);
/** Of a refusal's body, what is read: codes such as `insufficient_quota` stand there and not in the message. */
const MAX_BODY_CHARS = 2000;

/** Errors on an answer that broke off or makes no sense. Their messages quote it, so no word in them counts. */
const BROKEN_ANSWERS = [JSONParseError, TypeValidationError, InvalidResponseDataError] as const;

/** Classifies what a request to a provider threw. `now`: ms since the epoch. */
export function classifyError(thrown: unknown, now: number): RequestFailure {
  const error = RetryError.isInstance(thrown) ? thrown.lastError : thrown;
  if (isBrokenAnswer(error)) {
    return { failure: "network", message: "The provider's answer broke off or could not be read.", retryable: true };
  }
  if (APICallError.isInstance(error)) return classifyRefusal(error, now);
  const failure = classifyFailure({ message: describeError(error) }, now);
  return { ...failure, retryable: RETRYABLE.has(failure.failure) };
}

function isBrokenAnswer(error: unknown): boolean {
  if (BROKEN_ANSWERS.some((kind) => kind.isInstance(error))) return true;
  return APICallError.isInstance(error) && error.statusCode !== undefined && error.statusCode < 300;
}

function classifyRefusal(error: APICallError, now: number): RequestFailure {
  const { statusCode = 0, responseHeaders: headers = {}, responseBody = "" } = error;
  const body = responseBody.slice(0, MAX_BODY_CHARS);
  const found = classifyFailure({ message: `${describeError(error)} ${body}`, status: statusCode }, now);
  const message = toMessage(statusCode === 0 ? describeError(error) : `${statusCode}: ${error.message}`);
  const resetAt = found.failure === "rate_limit" ? (readResetTime(headers, body, now) ?? found.resetAt) : undefined;
  const retryable = RETRYABLE.has(found.failure) && headers["x-should-retry"] !== "false";
  return { failure: found.failure, message, retryable, ...(resetAt === undefined ? {} : { resetAt }) };
}

/** The error with its causes: what a failed connection was stands in the innermost. */
function describeError(error: unknown, depth: number = 0): string {
  if (!(error instanceof Error)) return typeof error === "string" ? error : (JSON.stringify(error) ?? "unknown");
  const cause = error.cause === undefined || depth > 3 ? "" : `: ${describeError(error.cause, depth + 1)}`;
  return error.message + cause;
}
