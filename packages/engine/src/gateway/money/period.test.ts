import assert from "node:assert/strict";
import { test } from "node:test";
import { periodOf } from "./period.ts";

const CASES: readonly (readonly [string, Date, string, string])[] = [
  ["the last moment of a year", new Date(2026, 11, 31, 23, 59, 59, 999), "2026-12-31", "2026-12"],
  ["the first moment of the next", new Date(2027, 0, 1), "2027-01-01", "2027-01"],
  ["a day with one digit", new Date(2026, 8, 3, 12), "2026-09-03", "2026-09"],
];

for (const [name, time, day, month] of CASES) {
  test(`${name} is in the day and month of this machine's clock`, () => {
    assert.deepEqual(periodOf(time), { day, month });
    assert.deepEqual(periodOf(time.getTime()), { day, month });
    assert.deepEqual(periodOf(time.toISOString()), { day, month });
  });
}
