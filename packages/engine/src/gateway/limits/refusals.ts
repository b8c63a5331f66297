import type { Provider } from "@cloister/core";
import type { Refusal } from "../port.ts";

/** Seconds after which an agent that found a queue full should ask again. */
const FULL_QUEUE_RETRY_SECONDS = 5;

/** No credential is there, or none that the provider accepts: asking again does not help. */
export function describeMissingCredential(provider: Provider, count: number): Refusal {
  const message = count === 0 ? `There is no credential for ${provider}.` : `${provider} rejects every credential.`;
  return { reason: "credential", message };
}

/** Every credential is at its rate limit for longer than requests wait here. Times are ms since the epoch. */
export function describeRateLimit(provider: Provider, until: number, now: number): Refusal {
  const message = `Every credential of ${provider} is at its rate limit until ${new Date(until).toISOString()}.`;
  return { reason: "rate_limit", message, retryAfterSeconds: toSeconds(until - now) };
}

/** As many requests wait as may. */
export function describeFullQueue(provider: Provider, waiting: number): Refusal {
  const message = `${waiting} requests already wait for ${provider}.`;
  return { reason: "overloaded", message, retryAfterSeconds: FULL_QUEUE_RETRY_SECONDS };
}

/** No upstream is let through to; `probeAt` (ms since the epoch) is when one is tried again, undefined where there is no upstream. */
export function describeOpenCircuits(provider: Provider, probeAt: number | undefined, now: number): Refusal {
  if (probeAt === undefined) return { reason: "upstream", message: `There is no upstream for ${provider}.` };
  const message = `${provider} failed several times in a row and is left alone for a moment.`;
  return { reason: "overloaded", message, retryAfterSeconds: toSeconds(probeAt - now) };
}

/** Whole seconds, at least one: agents take 0 for "at once". */
function toSeconds(milliseconds: number): number {
  return Math.max(1, Math.ceil(milliseconds / 1000));
}
