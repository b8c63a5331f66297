/**
 * Rounding of an exact result to a format, once, in any mode, with its flags. It counts in units of the result's last place, as numbers of
 * the host, so that subnormal, normal and overflowing results of both formats are one case.
 */
import { exponentOf, powerOfTwo } from "./error-free.ts";
import { FLOAT_FLAG, ROUNDING, type FloatFormat } from "./format.ts";

/**
 * The exact number (head + tail) * 2^scale. Head is that sum rounded to nearest-even. Tail is exact, or of the right sign and below half
 * of head's last place where the sum can't lie half-way between two numbers of 53 bits. Unless head is 0, its exponent is within ±300.
 */
export type Exact = { readonly head: number; readonly tail: number; readonly scale: number };

/** What an operation delivers. @see FLOAT_FLAG */
export type Rounded = { readonly value: number; readonly flags: number };

/** How the magnitude is rounded: the modes without sign. */
const MAGNITUDE = { nearestEven: 0, down: 1, up: 2, nearestAway: 3 } as const;

function magnitudeRounding(rounding: number, negative: boolean): number {
  switch (rounding) {
    case ROUNDING.nearestEven:
      return MAGNITUDE.nearestEven;
    case ROUNDING.nearestAway:
      return MAGNITUDE.nearestAway;
    case ROUNDING.down:
      return negative ? MAGNITUDE.up : MAGNITUDE.down;
    case ROUNDING.up:
      return negative ? MAGNITUDE.down : MAGNITUDE.up;
    default:
      return MAGNITUDE.down;
  }
}

/** Rounds to a whole number. */
function roundUnits(units: Units, rounding: number): number {
  const rest = units.tail;
  const whole = Math.floor(units.head);
  const fraction = units.head - whole;
  if (fraction === 0 && rest === 0) {
    return whole;
  }
  const borrowed = fraction === 0 && rest < 0 ? 1 : 0;
  const lower = whole - borrowed;
  // Of the right sign, and 0 for an exact half alone: see the bound of Exact's tail.
  const aboveHalf = fraction + borrowed - 0.5 + rest;
  switch (rounding) {
    case MAGNITUDE.nearestEven:
      return aboveHalf > 0 || (aboveHalf === 0 && lower % 2 === 1) ? lower + 1 : lower;
    case MAGNITUDE.nearestAway:
      return aboveHalf >= 0 ? lower + 1 : lower;
    case MAGNITUDE.up:
      return lower + 1;
    default:
      return lower;
  }
}

/** The magnitude of a number that is to be rounded, its sign taken off. */
type Magnitude = { readonly head: number; readonly tail: number; readonly exponent: number };

function magnitudeOf(exact: Exact): Magnitude {
  const head = Math.abs(exact.head);
  const tail = exact.head < 0 ? -exact.tail : exact.tail;
  const exponent = exponentOf(head);
  // Just below a power of two, the last place is half as large.
  return { head, tail, exponent: tail < 0 && head === powerOfTwo(exponent) ? exponent - 1 : exponent };
}

/** A magnitude counted in units of its last place, not yet whole. */
type Units = { readonly head: number; readonly tail: number };

/** @param lastPlace exponent of the unit, in the magnitude's own scale */
function countUnits(magnitude: Magnitude, lastPlace: number): Units {
  // Below a quarter of a unit all rounds alike: the bound keeps clear of the host's own underflow.
  const unitsPerOne = powerOfTwo(-Math.min(lastPlace, magnitude.exponent + 3));
  return { head: magnitude.head * unitsPerOne, tail: magnitude.tail * unitsPerOne };
}

function overflow(rounding: number, negative: boolean, format: FloatFormat): Rounded {
  const value = rounding === MAGNITUDE.down ? format.largest : Infinity;
  return { value: negative ? -value : value, flags: FLOAT_FLAG.overflow | FLOAT_FLAG.inexact };
}

/**
 * Rounds to a format. Tininess is detected after rounding, as RISC-V has it: underflow is raised where the result is inexact and would lie
 * below the smallest normal number even if the exponent had no bound. IEEE 754-2019, 4.3 and 7.4 to 7.6.
 * @param rounding of ROUNDING, but not dynamic
 */
export function roundExact(exact: Exact, format: FloatFormat, rounding: number): Rounded {
  if (exact.head === 0) {
    return { value: exact.head, flags: 0 };
  }
  const negative = exact.head < 0;
  const direction = magnitudeRounding(rounding, negative);
  const magnitude = magnitudeOf(exact);
  const exponent = magnitude.exponent + exact.scale;
  const lastPlace = Math.max(exponent, format.minimumExponent) - format.precision + 1;
  const units = countUnits(magnitude, lastPlace - exact.scale);
  const count = roundUnits(units, direction);
  if (exponent + (count === powerOfTwo(format.precision) ? 1 : 0) > format.maximumExponent) {
    return overflow(direction, negative, format);
  }
  const value = count * powerOfTwo(lastPlace);
  return {
    value: negative ? -value : value,
    flags: flagsOf(units, count, isTiny(magnitude, exponent, { format, direction })),
  };
}

function flagsOf(units: Units, count: number, tiny: boolean): number {
  const inexact = units.tail !== 0 || units.head !== count;
  return inexact ? FLOAT_FLAG.inexact | (tiny ? FLOAT_FLAG.underflow : 0) : 0;
}

/** True for what would round to less than the smallest normal number if the exponent had no bound. */
function isTiny(magnitude: Magnitude, exponent: number, to: { format: FloatFormat; direction: number }): boolean {
  const { precision, minimumExponent } = to.format;
  if (exponent !== minimumExponent - 1) {
    return exponent < minimumExponent;
  }
  const units = countUnits(magnitude, magnitude.exponent - precision + 1);
  return roundUnits(units, to.direction) !== powerOfTwo(precision);
}
