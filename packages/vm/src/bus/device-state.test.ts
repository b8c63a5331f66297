import { deepEqual, equal, throws } from "node:assert/strict";
import { describe, test } from "node:test";
import { readBytes, readDifference, readFlag, readNested, readNumber } from "./device-state.ts";
import type { DeviceState } from "./port.ts";

const state: DeviceState = {
  count: 7,
  fraction: -0.5,
  flag: false,
  bytes: Uint8Array.of(1, 2),
  part: { count: 1 },
  list: [{}],
  text: "a",
  infinite: Infinity,
};

describe("a saved state", () => {
  test("gives each value as what it was saved as", () => {
    equal(readNumber(state, "count", 7), 7);
    equal(readDifference(state, "fraction"), -0.5);
    equal(readFlag(state, "flag"), false);
    deepEqual(readBytes(state, "bytes", 2), Uint8Array.of(1, 2));
    deepEqual(readBytes(state, "bytes", { maximum: 5 }), Uint8Array.of(1, 2));
    deepEqual(readNested(state, "part"), { count: 1 });
  });

  test("keeps its bytes for itself", () => {
    readBytes(state, "bytes", 2)[0] = 99;
    deepEqual(state["bytes"], Uint8Array.of(1, 2));
  });

  const refused: readonly (readonly [string, () => unknown])[] = [
    ["a number above its limit", () => readNumber(state, "count", 6)],
    ["a fraction for a whole number", () => readNumber(state, "fraction")],
    ["a text for a number", () => readNumber(state, "text")],
    ["a missing number", () => readNumber(state, "missing")],
    ["an infinite difference", () => readDifference(state, "infinite")],
    ["a number for a flag", () => readFlag(state, "count")],
    ["too few bytes", () => readBytes(state, "bytes", 3)],
    ["too many bytes", () => readBytes(state, "bytes", { maximum: 1 })],
    ["a part for bytes", () => readBytes(state, "part", 0)],
    ["bytes for a part", () => readNested(state, "bytes")],
    ["a list for a part", () => readNested(state, "list")],
    ["what every object has for a part", () => readNested(state, "__proto__")],
  ];
  for (const [what, read] of refused) {
    test(`refuses ${what}`, () => throws(read, { name: "VmError", code: "snapshot_invalid" }));
  }
});
