import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { createMemoryDisk } from "./memory-disk.ts";
import { createOverlayDisk, OVERLAY_CLUSTER_BYTES, type OverlayDisk } from "./overlay-disk.ts";

const SIZE = OVERLAY_CLUSTER_BYTES * 3 + 512;

function readAll(disk: OverlayDisk): Uint8Array {
  const bytes = new Uint8Array(disk.sizeBytes);
  disk.read(0, bytes);
  return bytes;
}

test("an overlay reads as what was written over the base, the base stays, and a saved one is the same again", () => {
  const operation = fc.record({
    zero: fc.boolean(),
    offset: fc.nat(SIZE - 1),
    length: fc.integer({ min: 1, max: OVERLAY_CLUSTER_BYTES * 2 }),
    fill: fc.nat(255),
  });
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 10 }), (operations) => {
      const base = new Uint8Array(SIZE).map((_byte, at) => at >> 10);
      const original = base.slice();
      const expected = base.slice();
      const overlay = createOverlayDisk(createMemoryDisk(base, { readOnly: true }));
      for (const { zero, offset, length, fill } of operations) {
        const end = Math.min(SIZE, offset + length);
        expected.fill(zero ? 0 : fill, offset, end);
        if (zero) overlay.zero?.(offset, end - offset);
        else overlay.write(offset, new Uint8Array(end - offset).fill(fill));
      }
      assert.equal(Buffer.compare(readAll(overlay), expected), 0);
      assert.equal(Buffer.compare(base, original), 0);
      const copy = createOverlayDisk(createMemoryDisk(base));
      copy.restore(structuredClone(overlay.save()));
      assert.equal(Buffer.compare(readAll(copy), expected), 0);
      assert.deepEqual(copy.changedClusters, overlay.changedClusters);
    }),
    { numRuns: 50 },
  );
});

test("only what was touched is copied", () => {
  const overlay = createOverlayDisk(createMemoryDisk(new Uint8Array(SIZE)));
  overlay.write(OVERLAY_CLUSTER_BYTES * 2 - 1, new Uint8Array(2));
  assert.deepEqual(overlay.changedClusters, [1, 2]);
  overlay.close();
  assert.deepEqual(overlay.changedClusters, []);
});

test("a state that is not of an overlay of this size is refused", () => {
  const overlay = createOverlayDisk(createMemoryDisk(new Uint8Array(SIZE)));
  const bytes = new Uint8Array(OVERLAY_CLUSTER_BYTES);
  for (const state of [
    {},
    { sizeBytes: SIZE + 512, clusters: [] },
    { sizeBytes: SIZE, clusters: [{ index: 4, bytes }] },
    { sizeBytes: SIZE, clusters: [{ index: 3, bytes }] },
    { sizeBytes: SIZE, clusters: [{ index: -1, bytes }] },
    { sizeBytes: SIZE, clusters: [{ index: 0, bytes: "zero" }] },
  ]) {
    assert.throws(() => overlay.restore(state), { code: "snapshot_invalid" });
  }
});
