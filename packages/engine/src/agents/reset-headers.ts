/** Headers by lower-case name. */
export type Headers = Readonly<Record<string, string | undefined>>;

/** The longest wait that is believed, in ms. */
const MAX_WAIT_MS = 8 * 24 * 3_600_000;

/**
 * When a rate limit lifts (ms since the epoch), by the headers or body of the refusal: {@link readRetryTime},
 * `anthropic-ratelimit-unified-reset` (seconds since the epoch), or Google's `retryDelay` in the body.
 */
export function readResetTime(headers: Headers, body: string, now: number): number | undefined {
  const unified = toNumber(headers["anthropic-ratelimit-unified-reset"]) * 1000;
  const delay = toNumber(/"retryDelay"\s*:\s*"([\d.]+)s"/.exec(body)?.[1]) * 1000;
  return readRetryTime(headers, now) ?? believe(unified, now) ?? believe(now + delay, now);
}

/** When to ask again (ms since the epoch), by `retry-after-ms` or `retry-after` (seconds or a date), whatever the reason. */
export function readRetryTime(headers: Headers, now: number): number | undefined {
  const inMilliseconds = now + toNumber(headers["retry-after-ms"]);
  return believe(inMilliseconds, now) ?? believe(readRetryAfter(headers["retry-after"], now), now);
}

/** A time that a limit may lift at, rounded; undefined where it is none, or lies in the past or beyond belief. */
export function believe(time: number, now: number): number | undefined {
  return time >= now && time <= now + MAX_WAIT_MS ? Math.round(time) : undefined;
}

function readRetryAfter(value: string | undefined, now: number): number {
  const seconds = toNumber(value);
  return Number.isNaN(seconds) ? Date.parse(value ?? "") : now + seconds * 1000;
}

function toNumber(text: string | undefined): number {
  return text === undefined || text.trim() === "" ? Number.NaN : Number(text);
}
