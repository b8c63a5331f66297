import assert from "node:assert/strict";
import { test } from "node:test";
import { MODE, UNITS } from "../memory/layout.ts";
import { NextPages, type PlacedUnit } from "./next-pages.ts";

const view = new DataView(new ArrayBuffer(UNITS.offset + 16 * UNITS.recordBytes));
const CODE = [1, 2, 3, 4] as const;
const [FIRST, SECOND, THIRD, OTHER] = [0x10, 0x20, 0x30, 0x40];

/** Pages by what they begin with: all but one are what the unit goes on with. */
const pages = new Map([FIRST, SECOND, THIRD, OTHER].map((page) => [page, new Uint8Array(4096)]));
for (const [page, bytes] of pages) bytes.set(page === OTHER ? [9, 9] : CODE.slice(2));

/** A unit whose last two bytes are in the page after its own. */
const unitAt = (index: number, page: number = FIRST): PlacedUnit => ({
  index,
  page,
  address: 0,
  mode: MODE.user,
  shape: "region",
  segments: [{ distance: 0, length: 4 }],
  code: Uint8Array.from(CODE),
  border: 2,
  instructions: 2,
  body: Uint8Array.of(0),
});

const nextOf = ({ index }: PlacedUnit): number =>
  view.getInt32(UNITS.offset + index * UNITS.recordBytes + UNITS.nextPage, true);

const create = (): NextPages => new NextPages(view, (page) => pages.get(page));

test("a unit may go on in a page that has what it was compiled with, and in no other", () => {
  const next = create();
  const unit = unitAt(1);
  next.add(unit, undefined);
  assert.equal(nextOf(unit), 0);
  next.join(FIRST, OTHER);
  assert.equal(nextOf(unit), 0);
  next.join(SECOND, THIRD);
  assert.equal(nextOf(unit), 0);
  next.join(FIRST, SECOND);
  assert.equal(nextOf(unit), SECOND);
  next.join(FIRST, THIRD);
  assert.equal(nextOf(unit), THIRD);
});

test("a unit that is all in its page goes on in no other", () => {
  const next = create();
  const unit = { ...unitAt(2), border: undefined };
  next.add(unit, SECOND);
  next.join(FIRST, SECOND);
  assert.equal(nextOf(unit), 0);
});

test("when the next page is forgotten no unit goes on there, until it is joined anew", () => {
  const next = create();
  const [one, two] = [unitAt(3), unitAt(4)];
  next.add(one, SECOND);
  next.add(two, THIRD);
  next.forget(SECOND);
  assert.deepEqual([nextOf(one), nextOf(two)], [0, THIRD]);
  next.join(FIRST, SECOND);
  assert.deepEqual([nextOf(one), nextOf(two)], [SECOND, SECOND]);
});

for (const [title, end] of [
  ["was removed", (next: NextPages, unit: PlacedUnit) => next.remove(unit)],
  ["went with its page", (next: NextPages) => next.forget(FIRST)],
] as const)
  test(`the record of a unit that ${title} is left alone: another one may have it`, () => {
    const next = create();
    const unit = unitAt(5);
    next.add(unit, SECOND);
    end(next, unit);
    const heir = unitAt(5, THIRD);
    next.add(heir, SECOND);
    next.join(FIRST, THIRD);
    assert.equal(nextOf(heir), SECOND);
    next.forget(FIRST);
    assert.equal(nextOf(heir), SECOND);
    next.forget(SECOND);
    assert.equal(nextOf(heir), 0);
  });

test("a record says nothing of the unit that had it before", () => {
  const next = create();
  const unit = unitAt(6);
  next.add(unit, SECOND);
  next.remove(unit);
  const heir = unitAt(6, THIRD);
  next.add(heir, undefined);
  assert.equal(nextOf(heir), 0);
});
