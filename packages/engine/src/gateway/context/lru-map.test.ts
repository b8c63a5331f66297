import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { createLruMap } from "./lru-map.ts";

test("what was not used for the longest time is forgotten first", () => {
  const map = createLruMap<number>(2);
  map.set("a", 1);
  map.set("b", 2);
  assert.equal(map.get("a"), 1);
  map.set("c", 3);
  assert.deepEqual([map.get("a"), map.get("b"), map.get("c")], [1, undefined, 3]);
});

test("the last keys that were set are all there, whatever came before", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 2 })), fc.integer({ min: 1, max: 5 }), (keys, limit) => {
      const map = createLruMap<number>(limit);
      keys.forEach((key, index) => map.set(key, index));
      const recent = [...new Set(keys.toReversed())].slice(0, limit);
      assert.deepEqual(
        recent.map((key) => map.get(key)),
        recent.map((key) => keys.lastIndexOf(key)),
      );
      assert.equal(
        new Set(keys).size > limit ? map.get([...new Set(keys.toReversed())].at(-1) ?? "") : undefined,
        undefined,
      );
    }),
  );
});
