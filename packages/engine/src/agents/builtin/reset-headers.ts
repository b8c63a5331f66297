type Headers = Readonly<Record<string, string | undefined>>;

/** The longest wait that is believed. */
const MAX_WAIT_MS = 8 * 24 * 3_600_000;

/**
 * When a rate limit lifts (ms since the epoch), by the headers or body of the refusal: `retry-after-ms`, `retry-after`
 * (seconds or a date), `anthropic-ratelimit-unified-reset` (seconds since the epoch), or Google's `retryDelay` in the body.
 */
export function readResetTime(headers: Headers, body: string, now: number): number | undefined {
  const candidates = [
    now + toNumber(headers["retry-after-ms"]),
    readRetryAfter(headers["retry-after"], now),
    toNumber(headers["anthropic-ratelimit-unified-reset"]) * 1000,
    now + toNumber(/"retryDelay"\s*:\s*"([\d.]+)s"/.exec(body)?.[1]) * 1000,
  ];
  const found = candidates.find((time) => time >= now && time <= now + MAX_WAIT_MS);
  return found === undefined ? undefined : Math.round(found);
}

function readRetryAfter(value: string | undefined, now: number): number {
  const seconds = toNumber(value);
  return Number.isNaN(seconds) ? Date.parse(value ?? "") : now + seconds * 1000;
}

function toNumber(text: string | undefined): number {
  return text === undefined || text.trim() === "" ? Number.NaN : Number(text);
}
