import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { parseResetTime } from "./reset-time.ts";

/** A Saturday. */
const NOW = Date.parse("2026-11-21T14:30:20Z");

const CASES: readonly (readonly [message: string, reset: string | undefined])[] = [
  ["Claude AI usage limit reached|1795276800", "2026-11-21T16:00:00.000Z"],
  ['{"resets_at": 1795276800}', "2026-11-21T16:00:00.000Z"],
  ["Your limit resets at 2026-11-21T18:15:00Z.", "2026-11-21T18:15:00.000Z"],
  ["Rate limited. Please try again in 90s.", "2026-11-21T14:31:50.000Z"],
  ["Please try again in 1.5s.", "2026-11-21T14:30:21.500Z"],
  ["Please try again in 250ms", "2026-11-21T14:30:20.250Z"],
  ["retry-after: 30", "2026-11-21T14:30:50.000Z"],
  ["Your quota will reset after 21h14m3s.", "2026-11-22T11:44:23.000Z"],
  ["You've hit your usage limit. Try again in 2 days 3 hours 5 minutes.", "2026-11-23T17:35:20.000Z"],
  ["You've hit your limit · resets 3pm (UTC)", "2026-11-21T15:00:00.000Z"],
  ["You've hit your limit · resets 2:15pm (UTC)", "2026-11-22T14:15:00.000Z"],
  ["You've hit your limit · resets 3pm (America/New_York)", "2026-11-21T20:00:00.000Z"],
  ["You've hit your weekly limit · resets Nov 25, 3pm (UTC)", "2026-11-25T15:00:00.000Z"],
  ["You've hit your limit. Try again at Nov 25th, 2026 3:04 PM (UTC).", "2026-11-25T15:04:00.000Z"],
  ["resets 12am (UTC)", "2026-11-22T00:00:00.000Z"],
  ["resets 3pm (Nowhere/City)", undefined],
  ["Too many requests.", undefined],
  ["resets in a while", undefined],
  ["try again in 99999999d", undefined],
  ["limit reached|1000000000", undefined],
  ["there are 3 tests left", undefined],
];

describe("parseResetTime", () => {
  for (const [message, reset] of CASES) {
    test(`reads ${reset ?? "no time"} in "${message}"`, () => {
      const found = parseResetTime(message, NOW);
      assert.equal(found === undefined ? undefined : new Date(found).toISOString(), reset);
    });
  }

  test("throws nothing, and finds only times to come, whatever is said", () => {
    const words = fc.constantFrom(
      "resets",
      "at",
      "3pm",
      "(UTC)",
      "try again in",
      "1h",
      "5",
      "Feb 31",
      "|9999999999",
      "wait",
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(words).map((parts) => parts.join(" ")),
    );
    fc.assert(fc.property(text, (message) => (parseResetTime(message, NOW) ?? NOW) >= NOW));
  });
});
