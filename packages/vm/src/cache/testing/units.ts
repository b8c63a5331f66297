import * as fc from "fast-check";
import { MODE, MODE_COUNT, type Mode } from "../../memory/layout.ts";
import { type CachedUnit, createUnit, PAGE_BYTES, type Segment } from "../unit.ts";

/** A page of guest code with something else in each two bytes. */
export function numberedPage(seed = 1): Uint8Array<ArrayBuffer> {
  const page = new Uint8Array(PAGE_BYTES);
  for (let at = 0; at < PAGE_BYTES; at++)
    page[at] = Math.imul((at >> 1) + seed * 5000, 0x9e37_79b1) >>> (16 + (at & 1) * 8);
  return page;
}

/** A unit of one straight line, and where it was compiled from. */
export function straightUnit(page: Uint8Array, offset: number, length: number): CachedUnit {
  return createUnit({
    mode: MODE.supervisor,
    shape: "block",
    page,
    offset,
    instructions: Array.from({ length: length / 2 }, (_, index) => ({ distance: index * 2, length: 2 })),
    body: Uint8Array.of(0, offset & 0xff, offset >> 8, 0x0b),
  });
}

/** A unit with the place that it was compiled from. */
export type PlacedUnit = {
  readonly page: Uint8Array;
  readonly next: Uint8Array;
  readonly offset: number;
  readonly unit: CachedUnit;
};

/** Units as a compiler makes them: a few instructions, scattered over a page, or two, whose bytes repeat often. */
export const placedUnits: fc.Arbitrary<PlacedUnit> = fc
  .record({
    mode: fc.nat(MODE_COUNT - 1),
    shape: fc.constantFrom("block" as const, "region" as const),
    pages: fc.constantFrom(1, 2),
    page: fc.uint8Array({ minLength: 64, maxLength: 64, max: 3 }),
    offset: fc.oneof(fc.nat(2046), fc.integer({ min: 2030, max: 2047 })),
    places: fc.uniqueArray(fc.record({ distance: fc.integer({ min: -40, max: 60 }), length: fc.constantFrom(2, 4) }), {
      maxLength: 12,
      selector: ({ distance }) => distance,
    }),
    body: fc.uint8Array({ minLength: 1, maxLength: 40 }),
    uses: fc.nat(2 ** 32 - 1),
  })
  .map(({ mode, page: pattern, pages, offset: parcel, places, uses, ...rest }) => {
    const both = Uint8Array.from({ length: 2 * PAGE_BYTES }, (_, at) => pattern[at % pattern.length] ?? 0);
    const end = pages * PAGE_BYTES;
    const offset = parcel * 2;
    const first: Segment = { distance: 0, length: offset === PAGE_BYTES - 2 ? 2 : 4 };
    const others = places
      .map(({ distance, length }) => ({ distance: distance * 2, length }))
      .filter(({ distance, length }) => distance !== 0 && offset + distance >= 0 && offset + distance + length <= end);
    const page = both.subarray(0, end);
    const unit = createUnit({ ...rest, mode: mode as Mode, page, offset, instructions: [first, ...others] });
    return { page: page.subarray(0, PAGE_BYTES), next: both.subarray(PAGE_BYTES), offset, unit: { ...unit, uses } };
  });
