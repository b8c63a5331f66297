import { CloisterError, type RequestSignal } from "@cloister/core";
import { readRetryTime } from "../../agents/reset-headers.ts";
import { toMessage } from "../../agents/text.ts";
import type { GatewayPolicy } from "../policy.ts";
import type { AttemptEnd, NextMove, Refusal } from "../port.ts";
import { type Grant, LONGEST_HOLD_MS, type ProviderPool } from "./provider-pool.ts";
import { readLimitEnd, readRateLimits } from "./rate-limit-headers.ts";

/** Attempts of one request in all, whatever the reasons. */
export const MAX_ATTEMPTS = 6;
/** Attempts after the first that failed for the upstream's sake, for one model. */
const MAX_UPSTREAM_RETRIES = 2;
/** Answers by which an upstream says that it failed, and not the request. */
const UPSTREAM_FAILURES: ReadonlySet<number> = new Set([500, 502, 503, 529]);
/** Those which say that it has too much to do: with 503 and 529 this may be one model of many. */
const OVERLOADS: ReadonlySet<number> = new Set([503, 529]);
/** Seconds after which an agent should ask again where no upstream answered. */
const UNREACHABLE_RETRY_SECONDS = 5;

type Answer = Extract<AttemptEnd, { type: "answered" }>;

/** An attempt that ended, and all that decides what is next. */
export type EndedAttempt = {
  readonly pool: ProviderPool;
  readonly grant: Grant;
  /** From 1. */
  readonly attempt: number;
  readonly fallback: GatewayPolicy["fallback"];
  /** ms since the epoch. */
  readonly now: number;
  /** Has a credential's secret asked anew. Must not throw. */
  readonly refresh: ((label: string) => void) | undefined;
};

const ANSWER: NextMove = { type: "answer" };

/** Draws the conclusions from how an attempt ended, for the credential, the upstream and the request. */
export function judgeAttempt(ended: EndedAttempt, end: AttemptEnd): NextMove {
  if (end.type === "answered") return judgeAnswer(ended, end);
  if (end.type === "unreachable") return judgeSilence(ended, end.error);
  ended.grant.end("unknown");
  return ANSWER;
}

function judgeAnswer(ended: EndedAttempt, { status, headers }: Answer): NextMove {
  const { grant, now, fallback } = ended;
  grant.slots.limits = readRateLimits(headers, now) ?? grant.slots.limits;
  // An overloaded model is no broken upstream, where another model of it can be asked.
  const isModelOverloaded = OVERLOADS.has(status) && grant.progress.nextModel(fallback) !== undefined;
  const outcome = isModelOverloaded ? "unknown" : "failed";
  grant.end(UPSTREAM_FAILURES.has(status) ? outcome : "worked");
  if (UPSTREAM_FAILURES.has(status)) return judgeUpstreamFailure(ended, `answered ${status}`, headers) ?? ANSWER;
  if (status === 429) return judgeRateLimit(ended, headers);
  if (status === 401) return judgeRejectedSecret(ended);
  if (status === 403) return judgeForbidden(ended);
  grant.slots.accept(grant.refreshes);
  return ANSWER;
}

function judgeSilence(ended: EndedAttempt, error: Error): NextMove {
  // The attempt got no further than to the credential's own helper or file.
  if (CloisterError.isInstance(error) && error.code === "credential_invalid") {
    ended.grant.end("unknown");
    const refusal: Refusal = { reason: "credential", message: error.describe() };
    return rejectCredential(ended, "could not be read") ?? { type: "answer", refusal };
  }
  ended.grant.end("failed");
  const { name } = ended.grant.upstream;
  const message = toMessage(`${name} did not answer: ${error.message}`);
  const refusal: Refusal = { reason: "upstream", message, retryAfterSeconds: UNREACHABLE_RETRY_SECONDS };
  return judgeUpstreamFailure(ended, "did not answer", {}) ?? { type: "answer", refusal };
}

/** With a credential to spare, or a limit that lifts soon, the request goes on here; else agents hear the provider's own word. */
function judgeRateLimit(ended: EndedAttempt, headers: Answer["headers"]): NextMove {
  const { grant, now, pool } = ended;
  grant.slots.cool(readLimitEnd(headers, now), now);
  pool.serve();
  const isUsableLeft = pool.rack.restsAt(now) === undefined;
  if (!canGoOn(ended) || (!isUsableLeft && forbidsRetry(headers))) return ANSWER;
  const next = isUsableLeft ? "Another credential takes over." : "The request waits until the limit lifts.";
  return again("rate_limited", `${grant.credential.label} is at its rate limit. ${next}`);
}

function judgeRejectedSecret(ended: EndedAttempt): NextMove {
  const { grant, refresh, now } = ended;
  const { label } = grant.credential;
  if (refresh === undefined) return rejectCredential(ended, "was rejected") ?? ANSWER;
  const verdict = grant.slots.refuseSecret(grant.refreshes, now);
  if (verdict === "rejected") return rejectCredential(ended, "was rejected again") ?? ANSWER;
  if (verdict === "refresh") refresh(label);
  return canGoOn(ended) ? again("retried", `${label} was rejected and is asked anew.`) : ANSWER;
}

/** A 403 may be about the request: a model or a region out of bounds. So it never takes the last credential away from everybody. */
function judgeForbidden(ended: EndedAttempt): NextMove {
  const { grant, pool, now } = ended;
  const isOtherUsable = pool.rack.all().some((slots) => slots !== grant.slots && slots.restAt(now) === undefined);
  return (isOtherUsable ? rejectCredential(ended, "was forbidden") : undefined) ?? ANSWER;
}

function rejectCredential(ended: EndedAttempt, what: string): NextMove | undefined {
  const { grant, pool, now } = ended;
  grant.slots.reject(now);
  pool.serve();
  if (!canGoOn(ended)) return undefined;
  return again("retried", `${grant.credential.label} ${what}. Another credential takes over.`);
}

/** @returns undefined where nothing is left to try. */
function judgeUpstreamFailure(ended: EndedAttempt, what: string, headers: Answer["headers"]): NextMove | undefined {
  const { grant, pool, fallback, now } = ended;
  const { progress, upstream } = grant;
  progress.countFailure(upstream.name);
  if (!canGoOn(ended)) return undefined;
  const isElsewhere = pool.circuits.hasBetter(upstream, progress.failures);
  const wait = isElsewhere ? 0 : Math.max((readRetryTime(headers, now) ?? now) - now, progress.nextPause());
  const isWorthIt = isElsewhere || (wait <= LONGEST_HOLD_MS && !forbidsRetry(headers));
  if (isWorthIt && progress.modelFailures <= MAX_UPSTREAM_RETRIES) {
    progress.notBefore = now + wait;
    return again("retried", `${upstream.name} ${what}. ${isElsewhere ? "Another upstream" : "It"} is asked again.`);
  }
  const model = progress.nextModel(fallback);
  if (model === undefined) return undefined;
  const asked = progress.model;
  progress.changeModel(model);
  return again("fallback", `${upstream.name} ${what} for ${asked}. ${model} is asked instead.`);
}

function canGoOn({ attempt, pool }: EndedAttempt): boolean {
  return attempt < MAX_ATTEMPTS && pool.blockade() === undefined;
}

/** Providers say so where asking again cannot help: an empty account answers 429 too. */
function forbidsRetry(headers: Answer["headers"]): boolean {
  return headers["x-should-retry"] === "false";
}

function again(kind: RequestSignal["kind"], detail: string): NextMove {
  return { type: "again", signal: { kind, action: "reported", detail: detail.slice(0, 300) } };
}
