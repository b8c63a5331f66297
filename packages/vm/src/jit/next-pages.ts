import { goesOnIn } from "../cache/unit.ts";
import { UNITS } from "../memory/layout.ts";
import type { CompiledUnit } from "./request.ts";

/** A unit that is in use: its place in the table, and the offset of the decoded page that it is entered from. */
export type PlacedUnit = CompiledUnit & { readonly index: number; readonly page: number };

/**
 * Lets units go on in the page after their own, while that is what they were compiled with. A unit's record names the decoded page; the unit
 * compares that with where the address space leads. Decoded pages are known by their offsets.
 */
export class NextPages {
  readonly #view: DataView;
  readonly #bytesOf: (page: number) => Uint8Array | undefined;
  /** Units that go on in a next page, by their own, and by the next one where they may. */
  readonly #byPage: Map<number, Set<PlacedUnit>> = new Map();
  readonly #byNext: Map<number, Set<PlacedUnit>> = new Map();

  /** @param bytesOf the guest's bytes that a page was decoded from */
  constructor(view: DataView, bytesOf: (page: number) => Uint8Array | undefined) {
    this.#view = view;
    this.#bytesOf = bytesOf;
  }

  /** A unit is in use from now on. @param next page that is known to come after its own */
  add(unit: PlacedUnit, next: number | undefined): void {
    this.#name(unit, 0);
    if (unit.border === undefined) return;
    setOf(this.#byPage, unit.page).add(unit);
    if (next !== undefined) this.#link(unit, next);
  }

  /** A unit is not in use any more. */
  remove(unit: PlacedUnit): void {
    this.#byPage.get(unit.page)?.delete(unit);
    this.#byNext.get(this.#nextOf(unit))?.delete(unit);
  }

  /** One page comes after another in an address space. */
  join(page: number, next: number): void {
    for (const unit of this.#byPage.get(page) ?? []) if (this.#nextOf(unit) !== next) this.#link(unit, next);
  }

  /** A page is not decoded any more: its own units are not in use, and no other may go on there before it is joined anew. */
  forget(page: number): void {
    for (const unit of this.#byNext.get(page) ?? []) this.#name(unit, 0);
    this.#byNext.delete(page);
    for (const unit of this.#byPage.get(page) ?? []) this.remove(unit);
    this.#byPage.delete(page);
  }

  #link(unit: PlacedUnit, next: number): void {
    const bytes = this.#bytesOf(next);
    if (!bytes || !goesOnIn(unit, bytes)) return;
    this.#byNext.get(this.#nextOf(unit))?.delete(unit);
    setOf(this.#byNext, next).add(unit);
    this.#name(unit, next);
  }

  #nextOf({ index }: PlacedUnit): number {
    return this.#view.getInt32(UNITS.offset + index * UNITS.recordBytes + UNITS.nextPage, true);
  }

  #name({ index }: PlacedUnit, next: number): void {
    this.#view.setInt32(UNITS.offset + index * UNITS.recordBytes + UNITS.nextPage, next, true);
  }
}

function setOf(sets: Map<number, Set<PlacedUnit>>, page: number): Set<PlacedUnit> {
  const known = sets.get(page);
  if (known) return known;
  const set = new Set<PlacedUnit>();
  sets.set(page, set);
  return set;
}
