import { MODE_COUNT, type Mode } from "../memory/layout.ts";

/** Bytes of a page of guest code, which no unit leaves. */
export const PAGE_BYTES = 4096;

/** A straight line of code, or all that is reached from an entry within its page. */
export type Shape = "block" | "region";

/** Guest bytes in a row. */
export type Segment = {
  /** Where they begin, from the unit's entry: negative where a loop leads to before it. In bytes. */
  readonly distance: number;
  /** In bytes, 1 to 4096. */
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
  /** How many guest instructions it has, 1 to 4096. */
  readonly instructions: number;
  /** Its WebAssembly function's body. */
  readonly body: Uint8Array;
  /** How often it was used, in the long run: what is used most is kept, and compiled first. 0 to 2^32 - 1. */
  readonly uses: number;
};

/** What a unit is made from. */
export type CreateUnitOptions = {
  readonly mode: Mode;
  readonly shape: Shape;
  /** The page it was compiled from, 4096 bytes, as it was then. */
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
  return { ...rest, segments, code, instructions: instructions.length, uses: 1 };
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

/** Where the bytes of a unit are that follow its entry without a gap. */
export function entryRun({ segments }: Pick<CachedUnit, "segments">): { readonly at: number; readonly length: number } {
  let at = 0;
  for (const { distance, length } of segments) {
    if (distance <= 0 && distance + length > 0) return { at: at - distance, length: distance + length };
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

function describeSegmentsFault({ segments, code }: CachedUnit): string | undefined {
  let end = -PAGE_BYTES;
  let total = 0;
  for (const { distance, length } of segments) {
    if (!isWithin(length, 1, PAGE_BYTES)) return `a segment has ${length} bytes`;
    if (!Number.isInteger(distance) || (distance <= end && total > 0)) return "its segments are not in order";
    end = distance + length;
    total += length;
  }
  if (end - (segments[0]?.distance ?? 0) > PAGE_BYTES) return "it is larger than a page";
  if (total !== code.length) return `its segments have ${total} bytes, its code ${code.length}`;
  return entryRun({ segments }).length < LEAST_RUN ? "no segment holds its entry" : undefined;
}

function isWithin(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

/** True where a page holds exactly the bytes that a unit was compiled from. @param offset of the entry in the page, in bytes */
export function isCompiledFrom({ segments, code }: CachedUnit, page: Uint8Array, offset: number): boolean {
  let at = 0;
  for (const { distance, length } of segments) {
    const start = offset + distance;
    if (start < 0 || start + length > PAGE_BYTES) return false;
    for (let index = 0; index < length; index++) if (page[start + index] !== code[at + index]) return false;
    at += length;
  }
  return true;
}

/** True where two units do the same: same mode, same shape, same bytes at the same places. */
export function isSameUnit(one: CachedUnit, other: CachedUnit): boolean {
  return (
    one.mode === other.mode &&
    one.shape === other.shape &&
    one.code.length === other.code.length &&
    one.segments.length === other.segments.length &&
    one.segments.every((segment, index) => isSameSegment(segment, other.segments[index])) &&
    one.code.every((byte, index) => byte === other.code[index])
  );
}

function isSameSegment(one: Segment, other: Segment | undefined): boolean {
  return one.distance === other?.distance && one.length === other.length;
}
