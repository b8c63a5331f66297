import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { readResetTime } from "./reset-headers.ts";

const NOW = Date.UTC(2026, 10, 21);

const CASES: readonly (readonly [string, Record<string, string>, string, number | undefined])[] = [
  ["milliseconds", { "retry-after-ms": "1500", "retry-after": "9" }, "", 1500],
  ["seconds", { "retry-after": "90" }, "", 90_000],
  ["a date", { "retry-after": "Sat, 21 Nov 2026 00:01:00 GMT" }, "", 60_000],
  ["an instant", { "anthropic-ratelimit-unified-reset": String(NOW / 1000 + 7200) }, "", 7_200_000],
  ["Google's body", {}, `{"error":{"details":[{"retryDelay": "34.5s"}]}}`, 34_500],
  ["nothing for no word", {}, "", undefined],
  ["nothing for the past", { "retry-after": "Sat, 21 Nov 2020 00:01:00 GMT" }, "", undefined],
  ["nothing for a time beyond belief", { "retry-after": "1e12" }, "", undefined],
  ["nothing for what is no time", { "retry-after": "soon" }, "", undefined],
];

suite("the time when a limit lifts is read from a refusal", () => {
  for (const [name, headers, body, expected] of CASES) {
    test(name, () =>
      assert.equal(readResetTime(headers, body, NOW), expected === undefined ? undefined : NOW + expected),
    );
  }
});
