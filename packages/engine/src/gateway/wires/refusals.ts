import type { GatewayAnswer, Refusal } from "../port.ts";

/** Why a request is refused. */
export type RefusalKind = Refusal["reason"];

/** HTTP statuses by reason. */
export type RefusalStatuses = Readonly<Record<RefusalKind, number>>;

/**
 * The statuses that make agents do what is right, measured with their command lines: 402 stops each of them at once, except over
 * Responses. 400 makes Claude Code try six times. What a provider says where it is overloaded is waited for, and tried again.
 */
export const REFUSAL_STATUSES: RefusalStatuses = {
  budget: 402,
  unpriced: 403,
  safety: 403,
  credential: 403,
  endpoint: 404,
  body: 413,
  token: 401,
  rate_limit: 429,
  overloaded: 503,
  upstream: 503,
};

const WORTH_ANOTHER_TRY: ReadonlySet<RefusalKind> = new Set(["rate_limit", "overloaded", "upstream"]);
/** Seconds after which to try again where a rate limit does not say. */
const DEFAULT_RETRY_SECONDS = 5;
const MAX_RETRY_SECONDS = 31 * 24 * 3600;

/** When a refused request may come again, in whole seconds ≥ 1; undefined where that is not known, or it may not come again. */
export function retryAfter({ reason, retryAfterSeconds }: Refusal): number | undefined {
  if (!WORTH_ANOTHER_TRY.has(reason)) return undefined;
  const seconds = retryAfterSeconds ?? (reason === "rate_limit" ? DEFAULT_RETRY_SECONDS : undefined);
  return seconds === undefined || Number.isNaN(seconds)
    ? undefined
    : Math.min(Math.max(Math.ceil(seconds), 1), MAX_RETRY_SECONDS);
}

/** An answer that refuses. `error` is the body, in the provider's own shape. */
export function toRefusalAnswer(refusal: Refusal, status: number, error: unknown): GatewayAnswer {
  const seconds = retryAfter(refusal);
  return {
    status,
    headers: {
      "content-type": "application/json",
      ...(seconds === undefined ? {} : { "retry-after": String(seconds) }),
      // The SDKs of Anthropic and OpenAI ask this header before they look at the status.
      ...(WORTH_ANOTHER_TRY.has(refusal.reason) ? {} : { "x-should-retry": "false" }),
    },
    body: JSON.stringify(error),
  };
}
