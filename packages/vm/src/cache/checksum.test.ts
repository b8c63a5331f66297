import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { checksum, toHexadecimal } from "./checksum.ts";

test("the checksum is MurmurHash3_x86_128: it has the verification value that SMHasher names for it", () => {
  const hashes = new Uint8Array(256 * 16);
  for (let length = 0; length < 256; length++) {
    const key = Uint8Array.from({ length }, (_, index) => index);
    hashes.set(checksum(key, 256 - length), length * 16);
  }
  assert.equal(new DataView(checksum(hashes).buffer).getUint32(0, true), 0xb3ec_e62a);
});

test("bytes within a larger buffer have the checksum of a copy of them", () => {
  const bytes = Uint8Array.from({ length: 100 }, (_, index) => index * 7);
  assert.equal(toHexadecimal(checksum(bytes.subarray(3, 50))), toHexadecimal(checksum(bytes.slice(3, 50))));
  assert.match(toHexadecimal(checksum(bytes)), /^[0-9a-f]{32}$/);
});

test("every changed bit and every shortening changes the checksum", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 80 }), fc.nat(), (bytes, place) => {
      const before = toHexadecimal(checksum(bytes));
      const changed = bytes.slice();
      const bit = place % (bytes.length * 8);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.notEqual(toHexadecimal(checksum(changed)), before);
      assert.notEqual(toHexadecimal(checksum(bytes.subarray(0, place % bytes.length))), before);
    }),
  );
});
