import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { seal, unseal } from "./seal.ts";

const key = new Uint8Array(32).fill(7);
const bytes = fc.uint8Array({ maxLength: 100 });

test("what was sealed comes back with the key and the purpose, and with nothing else", () => {
  fc.assert(
    fc.property(bytes, bytes, bytes, (content, purpose, otherPurpose) => {
      const sealed = seal(key, content, purpose);
      assert.deepEqual(unseal(key, sealed, purpose), Uint8Array.from(content));
      assert.equal(unseal(new Uint8Array(32), sealed, purpose), undefined);
      if (Buffer.compare(purpose, otherPurpose) !== 0) assert.equal(unseal(key, sealed, otherPurpose), undefined);
    }),
  );
});

test("a seal is broken by any bit that is another, and by any byte that is missing", () => {
  fc.assert(
    fc.property(bytes, bytes, fc.nat(), fc.nat(7), (content, purpose, place, bit) => {
      const sealed = seal(key, content, purpose);
      const changed = Uint8Array.from(sealed);
      const at = place % changed.length;
      changed[at] = (changed[at] ?? 0) ^ (1 << bit);
      assert.equal(unseal(key, changed, purpose), undefined);
      assert.equal(unseal(key, sealed.subarray(0, at), purpose), undefined);
    }),
  );
});

test("bytes do not move between what is sealed and what it is for", () => {
  const sealed = seal(key, Uint8Array.of(3, 4), Uint8Array.of(1, 2));
  const moved = Uint8Array.of(...sealed.subarray(0, 28), 2, 3, 4);
  assert.equal(unseal(key, moved, Uint8Array.of(1)), undefined);
});

test("no two seals are the same", () => {
  assert.notDeepEqual(seal(key, Uint8Array.of(1), Uint8Array.of(2)), seal(key, Uint8Array.of(1), Uint8Array.of(2)));
});
