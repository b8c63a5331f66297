import assert from "node:assert/strict";
import { test } from "node:test";
import { TestDriver } from "../testing/driver.ts";
import { createVirtioRng } from "./rng.ts";

test("requests are filled from the source, up to 4096 bytes of the first buffer", () => {
  const driver = new TestDriver(createVirtioRng((into) => into.fill(0x5a)));
  driver.start();
  assert.deepEqual(driver.exchange(0, [16, 16]), { written: 16, bytes: new Uint8Array(16).fill(0x5a) });
  assert.equal(driver.exchange(0, [10_000]).written, 4096);
  assert.equal(driver.exchange(0, [Uint8Array.of(1)]).written, 0);
});
