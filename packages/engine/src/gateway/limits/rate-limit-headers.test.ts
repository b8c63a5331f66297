import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { readLimitEnd, readRateLimits } from "./rate-limit-headers.ts";

const NOW = Date.UTC(2026, 10, 21);
const HOUR_MS = 3_600_000;
const inMs = (milliseconds: number): string => new Date(NOW + milliseconds).toISOString();
const inEpochSeconds = (milliseconds: number): string => String((NOW + milliseconds) / 1000);

const ENDS: readonly (readonly [string, Record<string, string>, number | undefined])[] = [
  ["seconds", { "retry-after": "7" }, 7000],
  ["a date", { "retry-after": "Sat, 21 Nov 2026 00:01:00 GMT" }, 60_000],
  [
    "what it says of waiting over any reset",
    {
      "retry-after": "3",
      "anthropic-ratelimit-unified-status": "rejected",
      "anthropic-ratelimit-unified-reset": inEpochSeconds(HOUR_MS),
    },
    3000,
  ],
  [
    "the reset of a subscription that is spent",
    {
      "anthropic-ratelimit-unified-status": "rejected",
      "anthropic-ratelimit-unified-reset": inEpochSeconds(5 * HOUR_MS),
    },
    5 * HOUR_MS,
  ],
  [
    "nothing for a subscription that is not spent: its windows last for hours",
    {
      "anthropic-ratelimit-unified-status": "allowed_warning",
      "anthropic-ratelimit-unified-reset": inEpochSeconds(5 * HOUR_MS),
      "anthropic-ratelimit-unified-5h-utilization": "0.42",
      "anthropic-ratelimit-unified-5h-reset": inEpochSeconds(5 * HOUR_MS),
    },
    undefined,
  ],
  [
    "the exhausted limit's reset",
    {
      "anthropic-ratelimit-requests-remaining": "49",
      "anthropic-ratelimit-requests-reset": inMs(1000),
      "anthropic-ratelimit-input-tokens-remaining": "0",
      "anthropic-ratelimit-input-tokens-reset": inMs(40_000),
    },
    40_000,
  ],
  [
    "the latest reset of several exhausted limits",
    {
      "x-ratelimit-remaining-requests": "0",
      "x-ratelimit-reset-requests": "12ms",
      "x-ratelimit-remaining-tokens": "0",
      "x-ratelimit-reset-tokens": "1m30s",
    },
    90_000,
  ],
  [
    "the soonest reset where none is exhausted",
    { "x-ratelimit-remaining-tokens": "100", "x-ratelimit-reset-tokens": "6m0s", "x-ratelimit-reset-requests": "1s" },
    1000,
  ],
  ["nothing without a word", {}, undefined],
  ["nothing for a reset beyond belief", { "x-ratelimit-reset-tokens": "99999d" }, undefined],
  ["nothing for a reset in the past", { "anthropic-ratelimit-tokens-reset": inMs(-1000) }, undefined],
  ["nothing for what is no time", { "x-ratelimit-reset-tokens": "soon", "retry-after": "later" }, undefined],
];

suite("the end of a rate limit is read from a refusal's headers", () => {
  for (const [name, headers, expected] of ENDS) {
    test(name, () => assert.equal(readLimitEnd(headers, NOW), expected === undefined ? undefined : NOW + expected));
  }
});

suite("the rate limits of an answer", () => {
  test("are read by window, of either provider", () => {
    const headers = {
      "anthropic-ratelimit-input-tokens-limit": "50000",
      "anthropic-ratelimit-input-tokens-remaining": "29873",
      "anthropic-ratelimit-input-tokens-reset": "2026-11-21T00:00:10Z",
      "x-ratelimit-limit-requests": "60",
      "x-ratelimit-reset-requests": "1s",
      "content-type": "application/json",
    };
    assert.deepEqual(readRateLimits(headers, NOW), {
      seenAt: NOW,
      windows: [
        { name: "input-tokens", limit: 50_000, remaining: 29_873, resetAt: NOW + 10_000 },
        { name: "requests", limit: 60, resetAt: NOW + 1000 },
      ],
    });
  });

  test("show a subscription's windows and which of them decides", () => {
    const headers = {
      "anthropic-ratelimit-unified-status": "allowed_warning",
      "anthropic-ratelimit-unified-representative-claim": "five_hour",
      "anthropic-ratelimit-unified-reset": inEpochSeconds(HOUR_MS),
      "anthropic-ratelimit-unified-5h-utilization": "1.04",
      "anthropic-ratelimit-unified-5h-reset": inEpochSeconds(HOUR_MS),
    };
    assert.deepEqual(readRateLimits(headers, NOW), {
      seenAt: NOW,
      windows: [{ name: "unified-5h", utilization: 1.04, resetAt: NOW + HOUR_MS }],
      subscription: { status: "allowed_warning", claim: "five_hour", resetAt: NOW + HOUR_MS },
    });
  });

  test("are bounded, whatever comes", () => {
    const headers = Object.fromEntries(
      Array.from({ length: 500 }, (_, index) => [`x-ratelimit-limit-w${index}`, "1"] as const),
    );
    assert.equal(readRateLimits(headers, NOW)?.windows.length, 16);
    const hostile = {
      "x-ratelimit-limit-a": "-1",
      "x-ratelimit-remaining-b": "1e999",
      "anthropic-ratelimit-unified-status": "<b>",
    };
    assert.equal(readRateLimits(hostile, NOW), undefined);
  });

  test("are undefined where an answer names none", () => assert.equal(readRateLimits({ date: "x" }, NOW), undefined));
});
