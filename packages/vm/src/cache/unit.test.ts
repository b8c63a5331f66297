import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { MODE } from "../memory/layout.ts";
import { numberedPage, placedUnits, straightUnit } from "./testing/units.ts";
import {
  type CachedUnit,
  createUnit,
  describeFault,
  entryRun,
  goesOnIn,
  isCompiledFrom,
  isSameUnit,
  type Segment,
} from "./unit.ts";

const page = numberedPage();
const unitOf = (instructions: readonly Segment[], offset = 100): CachedUnit =>
  createUnit({ mode: MODE.user, shape: "region", page, offset, instructions, body: Uint8Array.of(1) });

test("instructions that touch or overlap become one segment, whatever their order", () => {
  const unit = unitOf([
    { distance: 4, length: 4 },
    { distance: 0, length: 4 },
    { distance: 6, length: 2 },
    { distance: -10, length: 2 },
    { distance: 20, length: 4 },
    { distance: 22, length: 4 },
  ]);
  assert.deepEqual(unit.segments, [
    { distance: -10, length: 2 },
    { distance: 0, length: 8 },
    { distance: 20, length: 6 },
  ]);
  assert.deepEqual([...unit.code], [...page.slice(90, 92), ...page.slice(100, 108), ...page.slice(120, 126)]);
  assert.equal(unit.instructions, 6);
  assert.deepEqual(entryRun(unit), { at: 2, length: 8 });
});

test("a unit is compiled from its own place, and from no place where any of its bytes is another", () => {
  fc.assert(
    fc.property(placedUnits, fc.nat(), ({ page, next, offset, unit }, choice) => {
      assert.equal(describeFault(unit), undefined);
      assert.equal(isCompiledFrom(unit, page, offset), true);
      assert.equal(
        isCompiledFrom(unit, page, offset, () => next),
        true,
      );
      const places = unit.segments.flatMap(({ distance, length }) =>
        Array.from({ length }, (_, index) => offset + distance + index),
      );
      const changed = Uint8Array.from([...page, ...next]);
      const place = places[choice % places.length] ?? 0;
      changed[place] = (changed[place] ?? 0) ^ 0x80;
      const [first, second] = [changed.subarray(0, 4096), changed.subarray(4096)];
      assert.equal(
        isCompiledFrom(unit, first, offset, () => second),
        false,
      );
      assert.equal(
        isCompiledFrom(unit, first, offset),
        place >= 4096,
        "the next page is not compared where it is unknown",
      );
      if (unit.border !== undefined) assert.equal(goesOnIn(unit, second), place < 4096);
    }),
  );
});

test("a unit that goes on in the next page is compiled from no other place in a page", () => {
  const zeroes = new Uint8Array(8192);
  const unit = createUnit({
    mode: MODE.user,
    shape: "region",
    page: zeroes,
    offset: 4090,
    body: Uint8Array.of(1),
    instructions: [{ distance: 0, length: 8 }],
  });
  assert.equal(unit.border, 6);
  assert.deepEqual(entryRun(unit), { at: 0, length: 6 });
  const page = zeroes.subarray(0, 4096);
  const places = Array.from({ length: 2048 }, (_, index) => index * 2).filter((offset) =>
    isCompiledFrom(unit, page, offset),
  );
  assert.deepEqual(places, [4090]);
});

test("a unit that would reach beyond the page is not compiled from it", () => {
  const zeroes = new Uint8Array(4096);
  const unit = createUnit({
    mode: MODE.user,
    shape: "region",
    page: zeroes,
    offset: 100,
    body: Uint8Array.of(1),
    instructions: [
      { distance: -4, length: 2 },
      { distance: 0, length: 4 },
    ],
  });
  assert.equal(isCompiledFrom(unit, zeroes, 4), true);
  assert.equal(isCompiledFrom(unit, zeroes, 2), false);
  assert.equal(isCompiledFrom(unit, zeroes, 4092), true);
  assert.equal(isCompiledFrom(unit, zeroes, 4094), false);
});

const good = straightUnit(page, 100, 8);
for (const [name, change] of [
  ["another mode", { mode: MODE.user }],
  ["another shape", { shape: "region" }],
  ["other code", { code: good.code.map((byte) => byte ^ 1) }],
  ["a segment elsewhere", { segments: [{ distance: -2, length: 8 }] }],
] as const)
  test(`units with ${name} are not the same`, () => {
    assert.equal(isSameUnit(good, { ...good, body: Uint8Array.of(9), uses: 3 }), true);
    assert.equal(isSameUnit(good, { ...good, ...change }), false);
  });

for (const [change, fault] of [
  [{ mode: 5 as never }, "its mode is 5"],
  [{ instructions: 0 }, "it has 0 instructions"],
  [{ instructions: 4097 }, "it has 4097 instructions"],
  [{ uses: -1 }, "it was used -1 times"],
  [{ uses: 0.5 }, "it was used 0.5 times"],
  [{ body: new Uint8Array(0) }, "its body is empty"],
  [{ segments: [] }, "its segments have 0 bytes, its code 8"],
  [{ segments: [{ distance: 0, length: 0 }] }, "a segment has 0 bytes"],
  [{ segments: [{ distance: Number.NaN, length: 8 }] }, "its segments are not in order"],
  [
    {
      segments: [
        { distance: 0, length: 4 },
        { distance: 4, length: 4 },
      ],
    },
    "its segments are not in order",
  ],
  [
    {
      segments: [
        { distance: 8, length: 4 },
        { distance: 0, length: 4 },
      ],
    },
    "its segments are not in order",
  ],
  [
    {
      segments: [
        { distance: -4090, length: 2 },
        { distance: 0, length: 6 },
        { distance: 9, length: 6 },
      ],
      code: new Uint8Array(14),
    },
    "it is larger than a page",
  ],
  [{ border: 8 }, "it does not end in the next page"],
  [{ border: 1 }, "no segment holds its entry"],
  [{ border: 4097 }, "it begins before its page"],
  [{ border: 4.5 }, "it begins before its page"],
  [
    {
      border: 4,
      segments: [
        { distance: -4094, length: 2 },
        { distance: 0, length: 6 },
      ],
    },
    "it begins before its page",
  ],
  [
    { border: 4, segments: [{ distance: 0, length: 4101 }], code: new Uint8Array(4101) },
    "it does not end in the next page",
  ],
  [{ segments: [{ distance: 0, length: 6 }] }, "its segments have 6 bytes, its code 8"],
  [{ segments: [{ distance: 2, length: 8 }] }, "no segment holds its entry"],
  [{ segments: [{ distance: -7, length: 8 }] }, "no segment holds its entry"],
] as const satisfies readonly (readonly [Partial<CachedUnit>, string])[])
  test(`it is no unit where ${fault} (${JSON.stringify(change)})`, () => {
    assert.equal(describeFault({ ...good, ...change }), fault);
  });
