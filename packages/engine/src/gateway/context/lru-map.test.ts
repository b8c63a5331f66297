import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { createLruMap } from "./lru-map.ts";

test("what was not used for long is forgotten, and what is used stays", () => {
  const map = createLruMap<number>(2);
  map.set("used", 1);
  map.set("unused", 2);
  for (const key of ["a", "b", "c", "d"]) {
    map.set(key, 3);
    assert.equal(map.get("used"), 1);
  }
  assert.equal(map.get("unused"), undefined);
});

test("the keys that were set last are all there with their last value, and no more than twice as many", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 2 })), fc.integer({ min: 1, max: 5 }), (keys, limit) => {
      const map = createLruMap<number>(limit);
      keys.forEach((key, index) => map.set(key, index));
      const latest = [...new Set(keys.toReversed())];
      const recent = latest.slice(0, limit);
      const values = recent.map((key) => map.get(key));
      assert.deepEqual(
        values,
        recent.map((key) => keys.lastIndexOf(key)),
      );
      const kept = latest.filter((key) => map.get(key) !== undefined);
      assert.ok(kept.length <= 2 * limit, `${kept.length}`);
    }),
  );
});
