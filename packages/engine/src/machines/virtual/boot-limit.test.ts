import assert from "node:assert/strict";
import { test } from "node:test";
import { bootLimitMs } from "./boot-limit.ts";

test("a machine has two minutes to boot, one of somebody else's disk ten, and either as long as the user says", () => {
  assert.equal(bootLimitMs({}, {}), 120_000);
  assert.equal(bootLimitMs({}, { foreign: {} }), 600_000);
  for (const hardware of [{}, { foreign: {} }])
    assert.equal(bootLimitMs({ CLOISTER_BOOT_SECONDS: "90" }, hardware), 90_000);
  for (const said of ["0", "-1", "1.5", "1e3", "100000", "soon", " 5"])
    assert.throws(() => bootLimitMs({ CLOISTER_BOOT_SECONDS: said }, {}), { code: "usage_invalid" });
});
