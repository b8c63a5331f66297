import { deepEqual } from "node:assert/strict";
import { describe, test } from "node:test";
import { fuzzDevice } from "../../bus/testing/fuzz-device.ts";
import { createSyscon, type PowerRequest, SYSCON_WINDOW_BYTES } from "./syscon.ts";

describe("power control", () => {
  const cases: readonly (readonly [string, number, 2 | 4, number, PowerRequest[]])[] = [
    ["0x5555 powers off", 0, 4, 0x5555, [{ kind: "power_off" }]],
    ["0x7777 resets", 0, 4, 0x7777, [{ kind: "reset" }]],
    ["two bytes are enough", 0, 2, 0x5555, [{ kind: "power_off" }]],
    ["0x3333 fails with the code above it", 0, 4, 0xbeef_3333, [{ kind: "fail", code: 0xbeef }]],
    ["other values do nothing", 0, 4, 0x1234, []],
    ["other addresses do nothing", 4, 4, 0x5555, []],
  ];
  for (const [what, offset, size, value, expected] of cases) {
    test(what, () => {
      const requests: PowerRequest[] = [];
      createSyscon({ name: "syscon", request: (request) => requests.push(request) }).write(offset, size, value);
      deepEqual(requests, expected);
    });
  }

  test("outlives any guest", () =>
    fuzzDevice({
      windowBytes: SYSCON_WINDOW_BYTES,
      registers: [0, 4],
      create: () => createSyscon({ name: "syscon", request: () => {} }),
    }));
});
