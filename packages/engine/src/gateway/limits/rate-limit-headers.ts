import { parseDuration } from "@cloister/core";
import { believe, type Headers, readRetryTime } from "../../agents/reset-headers.ts";

/** One of a provider's rate limits, as the headers of its last answer showed it. */
export type RateLimitWindow = {
  /** As the provider calls it: `requests`, `input-tokens`, `unified-5h`. */
  readonly name: string;
  readonly limit?: number;
  readonly remaining?: number;
  /** Used share, 1 for all of it; may be above. What subscriptions are told instead of `remaining`. */
  readonly utilization?: number;
  /** ms since the epoch. */
  readonly resetAt?: number;
};

/** What a subscription's headers say of its windows as a whole. */
export type SubscriptionStatus = {
  /** `allowed`, `allowed_warning` or `rejected`. */
  readonly status?: string;
  /** The window that decides: `five_hour`, `seven_day`. */
  readonly claim?: string;
  /** ms since the epoch. */
  readonly resetAt?: number;
};

/** Rate limits as last seen of a credential. */
export type SeenLimits = {
  /** ms since the epoch. */
  readonly seenAt: number;
  readonly windows: readonly RateLimitWindow[];
  readonly subscription?: SubscriptionStatus;
};

type WindowField = Exclude<keyof RateLimitWindow, "name">;

/** Headers are a provider's or a proxy's word: what is kept of them is bounded. */
const MAX_WINDOWS = 16;
const FIELDS: Readonly<Record<string, WindowField>> = {
  limit: "limit",
  remaining: "remaining",
  reset: "resetAt",
  utilization: "utilization",
};
/** `anthropic-ratelimit-input-tokens-reset`. https://docs.claude.com/en/api/rate-limits#response-headers */
const ANTHROPIC = /^anthropic-ratelimit-(?<name>[a-z0-9_-]{1,40})-(?<field>limit|remaining|reset|utilization)$/;
/** `x-ratelimit-reset-tokens`. https://platform.openai.com/docs/guides/rate-limits#rate-limits-in-headers */
const OPENAI = /^x-ratelimit-(?<field>limit|remaining|reset)-(?<name>[a-z0-9_-]{1,40})$/;
const UNIFIED = "anthropic-ratelimit-unified";

/**
 * Reads the rate limits out of an answer's headers.
 * @param headers by lower-case name.
 * @param now ms since the epoch.
 * @returns undefined where there are none.
 */
export function readRateLimits(headers: Headers, now: number): SeenLimits | undefined {
  const names = Object.keys(headers).filter((name) => name.includes("ratelimit"));
  if (names.length === 0) return undefined;
  const windows = new Map<string, RateLimitWindow>();
  for (const header of names) {
    const window = readWindow(header, headers[header] ?? "", now);
    if (window === undefined || (windows.size >= MAX_WINDOWS && !windows.has(window.name))) continue;
    windows.set(window.name, { ...windows.get(window.name), ...window });
  }
  const subscription = readSubscription(headers, now);
  if (windows.size === 0 && subscription === undefined) return undefined;
  return { seenAt: now, windows: [...windows.values()], ...(subscription === undefined ? {} : { subscription }) };
}

/** The part of a window that one header tells. */
function readWindow(header: string, text: string, now: number): RateLimitWindow | undefined {
  const { name, field: suffix = "" } = (ANTHROPIC.exec(header) ?? OPENAI.exec(header))?.groups ?? {};
  const field = FIELDS[suffix];
  // The reset of all windows together is the subscription's.
  if (name === undefined || name === "unified" || field === undefined) return undefined;
  const value = field === "resetAt" ? readInstant(text, now) : readAmount(text);
  return value === undefined ? undefined : { name, [field]: value };
}

function readSubscription(headers: Headers, now: number): SubscriptionStatus | undefined {
  const status = readWord(headers[`${UNIFIED}-status`]);
  const claim = readWord(headers[`${UNIFIED}-representative-claim`]);
  const resetAt = readInstant(headers[`${UNIFIED}-reset`] ?? "", now);
  if (status === undefined && resetAt === undefined) return undefined;
  return {
    ...(status === undefined ? {} : { status }),
    ...(claim === undefined ? {} : { claim }),
    ...(resetAt === undefined ? {} : { resetAt }),
  };
}

/**
 * When a refusal for its rate says that the limit lifts. A subscription's reset counts where it is the subscription that refuses: its
 * windows last for hours, and every answer names them, even one that only asks to slow down.
 * @param headers by lower-case name.
 * @param now ms since the epoch.
 * @returns ms since the epoch; undefined where it does not say.
 */
export function readLimitEnd(headers: Headers, now: number): number | undefined {
  const said = readRetryTime(headers, now);
  if (said !== undefined) return said;
  const { windows = [], subscription } = readRateLimits(headers, now) ?? {};
  const isSpent = subscription?.status === undefined || subscription.status === "rejected";
  const spentUntil = isSpent ? believe(subscription?.resetAt ?? Number.NaN, now) : undefined;
  return spentUntil ?? readWindowsEnd(windows, now);
}

/** The latest reset of the exhausted windows, else the soonest of all: what is left may be too little for one request. */
function readWindowsEnd(windows: readonly RateLimitWindow[], now: number): number | undefined {
  const isExhausted = ({ remaining, utilization = 0 }: RateLimitWindow): boolean => remaining === 0 || utilization >= 1;
  const toReset = ({ resetAt = Number.NaN }: RateLimitWindow): number | readonly [] => believe(resetAt, now) ?? [];
  const exhausted = windows.filter(isExhausted).flatMap(toReset);
  if (exhausted.length > 0) return Math.max(...exhausted);
  const resets = windows.filter(({ name }) => !name.startsWith("unified")).flatMap(toReset);
  return resets.length > 0 ? Math.min(...resets) : undefined;
}

/** Anthropic gives instants (RFC 3339, or seconds since the epoch for subscriptions), OpenAI durations (`6m0s`). */
function readInstant(text: string, now: number): number | undefined {
  if (text === "") return undefined;
  if (/^\d{10}$/.test(text)) return Number(text) * 1000;
  const duration = text.length <= 20 ? parseDuration(text) : undefined;
  const instant = duration === undefined ? Date.parse(text) : now + duration;
  return Number.isFinite(instant) ? Math.round(instant) : undefined;
}

function readAmount(text: string): number | undefined {
  return /^\d{1,15}(?:\.\d{1,15})?$/.test(text) ? Number(text) : undefined;
}

function readWord(text: string | undefined): string | undefined {
  return text !== undefined && /^[\w-]{1,40}$/.test(text) ? text : undefined;
}
