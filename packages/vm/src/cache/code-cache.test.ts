import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { MODE } from "../memory/layout.ts";
import { CodeCache } from "./code-cache.ts";
import { numberedPage, placedUnits, straightUnit } from "./testing/units.ts";
import { type CachedUnit, createUnit, heldBytes, isCompiledFrom } from "./unit.ts";

const page = numberedPage();
const { supervisor, user } = MODE;

test("a unit is found where its bytes are, at any place of any page, for its own mode and shape alone", () => {
  const cache = new CodeCache();
  const added = cache.add(straightUnit(page, 100, 40));
  const moved = numberedPage(2);
  moved.set(page.subarray(100, 140), 3000);
  assert.equal(cache.find({ mode: supervisor, shape: "block" }, moved, 3000), added);
  assert.equal(cache.find({ mode: supervisor, shape: "block" }, page, 100), added);
  for (const [mode, shape, offset] of [
    [user, "block", 100],
    [supervisor, "region", 100],
    [supervisor, "block", 102],
  ] as const)
    assert.equal(cache.find({ mode, shape }, page, offset), undefined);
  const { hits, misses, refused } = cache.statistics;
  assert.deepEqual({ hits, misses, refused }, { hits: 2, misses: 3, refused: 0 });
});

test("all that was added is found again, as the longest that fits; nothing that is found was compiled from other bytes", () => {
  fc.assert(
    fc.property(fc.array(placedUnits, { minLength: 1, maxLength: 30 }), (placed) => {
      const cache = new CodeCache();
      for (const { unit } of placed) assert.notEqual(cache.add(unit), undefined);
      for (const { page, next, offset, unit } of placed) {
        assert.equal(cache.mayFind(unit.mode, unit.shape, page, offset), true);
        const found = cache.find(unit, page, offset, () => next);
        const fitting = cache
          .units()
          .filter(
            (one) =>
              one.mode === unit.mode && one.shape === unit.shape && isCompiledFrom(one, page, offset, () => next),
          );
        assert.equal(found?.instructions, Math.max(...fitting.map(({ instructions }) => instructions)));
        assert.ok(found && fitting.includes(found));
      }
    }),
  );
});

for (const length of [2, 4, 6, 8, 10, 32, 34])
  test(`a unit of ${length} bytes is found at the page's end`, () => {
    const cache = new CodeCache();
    const added = cache.add(straightUnit(page, 100, length));
    const moved = numberedPage(2);
    moved.set(page.subarray(100, 100 + length), 4096 - length);
    assert.equal(cache.mayFind(supervisor, "block", moved, 4096 - length), true);
    assert.equal(cache.find({ mode: supervisor, shape: "block" }, moved, 4096 - length), added);
  });

test("code that was changed beyond its beginning is refused, and counted", () => {
  const cache = new CodeCache();
  cache.add(straightUnit(page, 100, 200));
  const patched = page.slice();
  patched[299] = (patched[299] ?? 0) ^ 1;
  assert.equal(cache.find({ mode: supervisor, shape: "block" }, patched, 100), undefined);
  assert.deepEqual({ ...cache.statistics, bytes: 0 }, { units: 1, bytes: 0, hits: 0, misses: 1, refused: 1 });
});

test("what isn't there mostly costs no search", () => {
  const cache = new CodeCache();
  cache.add(straightUnit(page, 100, 40));
  const places = Array.from({ length: 2000 }, (_, index) => index * 2).filter((offset) => offset !== 100);
  assert.ok(places.filter((offset) => cache.mayFind(supervisor, "block", page, offset)).length < 20);
});

test("the same unit twice is one, as hot as the hotter", () => {
  const cache = new CodeCache();
  const unit = straightUnit(page, 100, 40);
  const first = cache.add({ ...unit, uses: 5 });
  assert.equal(cache.add({ ...unit, uses: 3 }), first);
  assert.deepEqual([cache.statistics.units, cache.statistics.bytes, first?.uses], [1, heldBytes(unit), 5]);
});

test("what is no unit, or larger than the cache, is not added", () => {
  const unit = straightUnit(page, 100, 40);
  assert.equal(new CodeCache().add({ ...unit, code: unit.code.subarray(1) }), undefined);
  assert.equal(new CodeCache({ maxBytes: heldBytes(unit) - 1 }).add(unit), undefined);
  assert.notEqual(new CodeCache({ maxBytes: heldBytes(unit) }).add(unit), undefined);
});

const places = (...offsets: readonly number[]): CachedUnit[] => offsets.map((offset) => straightUnit(page, offset, 40));
const [unitBytes = 0] = places(0).map(heldBytes);

test("where there is no room, those go that were used less than what comes; of equals, those used longest ago", () => {
  const cache = new CodeCache({ maxBytes: unitBytes * 4 });
  const uses = [5, 1, 0, 0];
  const [often, , long, lately] = places(0, 100, 200, 300).map((unit, index) =>
    cache.add({ ...unit, uses: uses[index] ?? 0 }),
  );
  cache.add(straightUnit(page, 400, 40));
  assert.equal(cache.find({ mode: supervisor, shape: "block" }, page, 200), undefined, `${long?.index}`);
  assert.equal(cache.find({ mode: supervisor, shape: "block" }, page, 300), lately);
  assert.deepEqual([cache.statistics.units, cache.statistics.bytes], [4, unitBytes * 4]);
  assert.equal(cache.get(often?.index ?? -1), often);
  cache.noteUse(1000);
});

test("a guest whose code does not fit finds in each run what fitted in the first", () => {
  const offsets = Array.from({ length: 20 }, (_, index) => index * 100);
  const runOver = (cache: CodeCache): number => {
    const found = offsets.map((offset) => cache.find({ mode: supervisor, shape: "block" }, page, offset));
    for (const [index, unit] of found.entries())
      if (unit) cache.noteUse(unit.index);
      else cache.add(straightUnit(page, offsets[index] ?? 0, 40));
    return found.filter((unit) => unit !== undefined).length;
  };
  const saved = new CodeCache({ maxBytes: unitBytes * 8 });
  for (const expected of [0, 8, 8, 8]) {
    const cache = new CodeCache({ maxBytes: unitBytes * 8 });
    cache.merge(saved);
    assert.equal(runOver(cache), expected);
    saved.merge(cache);
  }
});

test("what nobody runs any more makes way after as many runs as it was used in", () => {
  const saved = new CodeCache({ maxBytes: unitBytes });
  const run = (offset: number): boolean => {
    const cache = new CodeCache({ maxBytes: unitBytes });
    cache.addAll(saved.units());
    const found = cache.find({ mode: supervisor, shape: "block" }, page, offset);
    if (found) cache.noteUse(found.index);
    else cache.add(straightUnit(page, offset, 40));
    saved.merge(cache);
    return found !== undefined;
  };
  assert.deepEqual([0, 0, 0].map(run), [false, true, true]);
  assert.deepEqual([100, 100, 100, 100, 100].map(run), [false, false, false, false, true]);
});

test("a cache never holds more than its bound, and all it holds is found", () => {
  fc.assert(
    fc.property(fc.array(placedUnits, { maxLength: 60 }), fc.integer({ min: 500, max: 6000 }), (placed, maxBytes) => {
      const cache = new CodeCache({ maxBytes });
      for (const { unit } of placed) {
        const hadRoom = cache.statistics.bytes + heldBytes(unit) <= maxBytes;
        const isAdded = cache.add(unit) !== undefined;
        assert.ok(isAdded || !hadRoom);
        assert.ok(cache.statistics.bytes <= maxBytes);
      }
      const units = cache.units();
      assert.equal(cache.statistics.units, units.length);
      assert.equal(
        cache.statistics.bytes,
        units.reduce((total, unit) => total + heldBytes(unit), 0),
      );
      for (const { page, offset, unit } of placed)
        if (units.some(({ code, segments }) => code === unit.code && segments === unit.segments))
          assert.notEqual(cache.find(unit, page, offset), undefined);
    }),
  );
});

test("an index never names another unit: what somebody made of the first would be served for the second", () => {
  const cache = new CodeCache({ maxBytes: 3 * heldBytes(straightUnit(page, 0, 40)) });
  const seen = new Map<number, number>();
  for (let offset = 0; offset < 4000; offset += 40) {
    const index = cache.add({ ...straightUnit(page, offset, 40), uses: offset + 1 })?.index ?? -1;
    assert.equal(seen.has(index), false);
    seen.set(index, offset);
    assert.equal(cache.find({ mode: supervisor, shape: "block" }, page, offset)?.index, index);
  }
  const alive = [...seen].filter(([index]) => cache.get(index) !== undefined);
  assert.equal(alive.length, cache.statistics.units);
  for (const [index, offset] of alive)
    assert.equal(cache.get(index), cache.find({ mode: supervisor, shape: "block" }, page, offset));
});

test("merging keeps the hottest of both", () => {
  const offsets = Array.from({ length: 40 }, (_, index) => index * 100);
  const caches = [0, 1].map((side) => {
    const cache = new CodeCache({ maxBytes: 20 * heldBytes(straightUnit(page, 0, 40)) });
    for (const offset of offsets.filter((_, index) => index % 2 === side))
      cache.add({ ...straightUnit(page, offset, 40), uses: offset });
    return cache;
  });
  const [mine = new CodeCache(), other = new CodeCache()] = caches;
  mine.merge(other);
  const kept = mine.units().map(({ body }) => (body[1] ?? 0) + (body[2] ?? 0) * 256);
  assert.deepEqual(kept, offsets.slice(20).toReversed());
});

test("code whose keys collide makes no search long: of those that share a place of the index, the hottest 64 stay", () => {
  const start = page.slice(0, 32);
  const cache = new CodeCache();
  for (let index = 0; index < 1000; index++) {
    const code = Uint8Array.from([...start, index & 0xff, index >> 8]);
    const crafted = { segments: [{ distance: 0, length: 34 }], code };
    cache.add({ ...straightUnit(page, 0, 34), ...crafted, uses: index === 3 ? 2 : 1 });
  }
  assert.equal(cache.statistics.units, 64);
  const guest = new Uint8Array(4096);
  guest.set([...start, 3, 0]);
  assert.equal(cache.find({ mode: supervisor, shape: "block" }, guest, 0)?.uses, 2);
  guest.set([999 & 0xff, 999 >> 8], 32);
  assert.notEqual(cache.find({ mode: supervisor, shape: "block" }, guest, 0), undefined);
});

test("many units are found through all growth of the index", () => {
  const cache = new CodeCache();
  const pages = Array.from({ length: 10 }, (_, index) => numberedPage(index + 1));
  const places = pages.flatMap((page) => Array.from({ length: 500 }, (_, index) => ({ page, offset: index * 8 })));
  const added = places.map(({ page, offset }) =>
    cache.add(
      createUnit({
        mode: user,
        shape: "region",
        page,
        offset,
        body: Uint8Array.of(1),
        instructions: [{ distance: 0, length: 8 }],
      }),
    ),
  );
  places.forEach(({ page, offset }, index) =>
    assert.equal(cache.find({ mode: user, shape: "region" }, page, offset), added[index]),
  );
  assert.equal(cache.statistics.hits, 5000);
});

test("a cache has the core module once: of two, that of the run which is over last", () => {
  const [mine, other] = [new CodeCache(), new CodeCache()];
  mine.keepModule({ units: [], stored: Uint8Array.of(1) });
  mine.merge(other);
  assert.deepEqual(mine.core?.stored, Uint8Array.of(1));
  other.takeModules(mine);
  assert.deepEqual(other.core?.stored, Uint8Array.of(1));
  mine.merge(other);
  assert.equal(mine.modules.length, 1);
});
