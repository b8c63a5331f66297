import { MODE_COUNT, type Mode } from "../memory/layout.ts";

/** Bytes of a page of guest code. A unit begins in one, and may go on in the one after it. */
export const PAGE_BYTES = 4096;

/** A straight line of code, or all that is reached from an entry within its page, and the one after it. */
export type Shape = "block" | "region";

/** Guest bytes in a row. */
export type Segment = {
  /** Where they begin, from the unit's entry: negative where a loop leads to before it. In bytes. */
  readonly distance: number;
  /** In bytes, 1 to 8192. */
  readonly length: number;
};

/** A compiled piece of guest code that does not depend on where the code lies. */
export type CachedUnit = {
  /** What its accesses to memory were compiled for. */
  readonly mode: Mode;
  readonly shape: Shape;
  /** Which guest bytes it was compiled from: in order, with gaps between them. One of them holds the entry. */
  readonly segments: readonly Segment[];
  /** Those bytes, one segment after the other. It means what it says wherever these bytes are. */
  readonly code: Uint8Array;
  /** Where the next page begins, from the unit's entry, 1 to 4096: where it goes on there. Undefined: all of it is in the entry's page. */
  readonly border: number | undefined;
  /** How many guest instructions it has, 1 to 4096. */
  readonly instructions: number;
  /** Its WebAssembly function's body. */
  readonly body: Uint8Array;
  /** How often it was used, in the long run: what is used most is kept, and compiled first. 0 to 2^32 - 1. */
  readonly uses: number;
};

/** What a unit was compiled from. */
export type GuestCode = Pick<CachedUnit, "segments" | "code" | "border">;

/** What a unit is made from. */
export type CreateUnitOptions = {
  readonly mode: Mode;
  readonly shape: Shape;
  /** The page it was compiled from, 4096 bytes, as it was then; or that and the next one, 8192 bytes. */
  readonly page: Uint8Array;
  /** Its entry in the page, 0 to 4095. */
  readonly offset: number;
  /** Its instructions in any order, each once: their distances from the entry and lengths, in bytes. They may overlap. */
  readonly instructions: readonly Segment[];
  readonly body: Uint8Array;
};

/** Makes a unit that was used once, with a copy of the guest bytes that it depends on. */
export function createUnit({ page, offset, instructions, ...rest }: CreateUnitOptions): CachedUnit {
  const segments = joinSegments(instructions);
  const code = new Uint8Array(segments.reduce((total, { length }) => total + length, 0));
  let at = 0;
  for (const { distance, length } of segments) {
    code.set(page.subarray(offset + distance, offset + distance + length), at);
    at += length;
  }
  const end = offset + Math.max(...segments.map(({ distance, length }) => distance + length));
  const border = end > PAGE_BYTES ? PAGE_BYTES - offset : undefined;
  return { ...rest, segments, code, border, instructions: instructions.length, uses: 1 };
}

/** Makes one segment of those that touch or overlap. */
function joinSegments(segments: readonly Segment[]): readonly Segment[] {
  const joined: { distance: number; length: number }[] = [];
  for (const { distance, length } of segments.toSorted((a, b) => a.distance - b.distance)) {
    const last = joined.at(-1);
    if (last && last.distance + last.length >= distance)
      last.length = Math.max(last.length, distance + length - last.distance);
    else joined.push({ distance, length });
  }
  return joined;
}

/** What a unit and each of its segments take besides code and body while a cache holds them, about, in bytes. */
const UNIT_BYTES = 256;
const SEGMENT_BYTES = 32;

/** What a unit takes while a cache holds it, about, in bytes. */
export function heldBytes({ segments, code, body }: CachedUnit): number {
  return UNIT_BYTES + segments.length * SEGMENT_BYTES + code.length + body.length;
}

/** Fewest bytes of code from a unit's entry on. */
export const LEAST_RUN = 2;

/** Where the bytes of a unit are that follow its entry without a gap, as far as they are in its page. */
export function entryRun({ segments, border = Infinity }: Pick<CachedUnit, "segments" | "border">): {
  readonly at: number;
  readonly length: number;
} {
  let at = 0;
  for (const { distance, length } of segments) {
    if (distance <= 0 && distance + length > 0)
      return { at: at - distance, length: Math.min(distance + length, border) };
    at += length;
  }
  return { at: 0, length: 0 };
}

/** Why this is no unit: anybody may have written it. Undefined where it is one. */
export function describeFault(unit: CachedUnit): string | undefined {
  const { mode, instructions, uses, body } = unit;
  if (!isWithin(mode, 0, MODE_COUNT - 1)) return `its mode is ${mode}`;
  if (!isWithin(instructions, 1, PAGE_BYTES)) return `it has ${instructions} instructions`;
  if (!isWithin(uses, 0, 2 ** 32 - 1)) return `it was used ${uses} times`;
  if (body.length === 0) return "its body is empty";
  return describeSegmentsFault(unit);
}

function describeSegmentsFault({ segments, code, border }: CachedUnit): string | undefined {
  let end = -PAGE_BYTES;
  let total = 0;
  for (const { distance, length } of segments) {
    if (!isWithin(length, 1, 2 * PAGE_BYTES)) return `a segment has ${length} bytes`;
    if (!Number.isInteger(distance) || (distance <= end && total > 0)) return "its segments are not in order";
    end = distance + length;
    total += length;
  }
  if (total !== code.length) return `its segments have ${total} bytes, its code ${code.length}`;
  if (entryRun({ segments, border }).length < LEAST_RUN) return "no segment holds its entry";
  return describePagesFault(segments[0]?.distance ?? 0, end, border);
}

/** @param start of the first segment @param end of the last one */
function describePagesFault(start: number, end: number, border: number | undefined): string | undefined {
  if (border === undefined) return end - start > PAGE_BYTES ? "it is larger than a page" : undefined;
  if (!isWithin(border, 1, start + PAGE_BYTES)) return "it begins before its page";
  return isWithin(border, end - PAGE_BYTES, end - 1) ? undefined : "it does not end in the next page";
}

function isWithin(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

/**
 * True where pages hold exactly the bytes that a unit was compiled from.
 * @param offset of the entry in its page, in bytes
 * @param findNext finds the page after it; what the unit has there is not compared where it finds none
 */
export function isCompiledFrom(
  unit: GuestCode,
  page: Uint8Array,
  offset: number,
  findNext?: () => Uint8Array | undefined,
): boolean {
  const { border } = unit;
  if (border === undefined) return holds(unit, page, -offset, true);
  if (border !== PAGE_BYTES - offset || !holds(unit, page, -offset, false)) return false;
  const next = findNext?.();
  return !next || goesOnIn(unit, next);
}

/** True where a page, the one after that of a unit's entry, holds exactly what the unit has there. */
export function goesOnIn(unit: GuestCode, page: Uint8Array): boolean {
  return unit.border !== undefined && holds(unit, page, unit.border, false);
}

/** Compares what a unit has in a page. @param start distance of the page @param isAll whether nothing of it may lie elsewhere */
function holds({ segments, code }: GuestCode, page: Uint8Array, start: number, isAll: boolean): boolean {
  let at = 0;
  for (const { distance, length } of segments) {
    const [from, to] = [distance - start, distance - start + length];
    if (isAll && (from < 0 || to > PAGE_BYTES)) return false;
    for (let place = Math.max(from, 0); place < Math.min(to, PAGE_BYTES); place++)
      if (page[place] !== code[at + place - from]) return false;
    at += length;
  }
  return true;
}

/** True where two units do the same: same mode, same shape, same border, same bytes at the same places. */
export function isSameUnit(one: CachedUnit, other: CachedUnit): boolean {
  return (
    one.mode === other.mode &&
    one.shape === other.shape &&
    one.border === other.border &&
    one.code.length === other.code.length &&
    one.segments.length === other.segments.length &&
    one.segments.every((segment, index) => isSameSegment(segment, other.segments[index])) &&
    one.code.every((byte, index) => byte === other.code[index])
  );
}

function isSameSegment(one: Segment, other: Segment | undefined): boolean {
  return one.distance === other?.distance && one.length === other.length;
}
