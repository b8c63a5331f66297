import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { ByteQueue } from "./byte-queue.ts";

test("bytes come out as they went in, and never more wait than may", () => {
  const step = fc.oneof(fc.uint8Array({ maxLength: 24 }), fc.nat(24));
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const queue = new ByteQueue(16);
      const model: number[] = [];
      for (const given of steps) {
        if (typeof given === "number") {
          const into = new Uint8Array(given);
          const count = queue.read(into);
          assert.deepEqual([...into.subarray(0, count)], model.splice(0, given));
        } else {
          const taken = queue.write(given);
          assert.equal(taken, Math.min(given.length, 16 - model.length));
          model.push(...given.subarray(0, taken));
        }
        assert.deepEqual([...queue.peekAll()], model);
        assert.equal(queue.length, model.length);
      }
    }),
  );
});
