/** Rational arithmetic on BigInt, and its rounding to a format: slow, and meant to be seen to be right. */
import { FLOAT_FLAG, ROUNDING, type FloatFormat } from "../format.ts";

/** A fraction. The denominator is positive. */
export type Rational = { readonly numerator: bigint; readonly denominator: bigint };

/** number * 2^exponent. */
export function scaled(number: bigint, exponent: number): Rational {
  return exponent >= 0
    ? { numerator: number << BigInt(exponent), denominator: 1n }
    : { numerator: number, denominator: 1n << BigInt(-exponent) };
}

/** Sum. */
export function add(a: Rational, b: Rational): Rational {
  return {
    numerator: a.numerator * b.denominator + b.numerator * a.denominator,
    denominator: a.denominator * b.denominator,
  };
}

/** Product. */
export function multiply(a: Rational, b: Rational): Rational {
  return { numerator: a.numerator * b.numerator, denominator: a.denominator * b.denominator };
}

/** Quotient. @param b not 0 */
export function divide(a: Rational, b: Rational): Rational {
  const sign = b.numerator < 0n ? -1n : 1n;
  return { numerator: sign * a.numerator * b.denominator, denominator: sign * a.denominator * b.numerator };
}

/** Square root: exact where it is rational with a power of two below, else a number strictly between the same 1200-bit neighbours. */
export function squareRoot(a: Rational): Rational {
  const places = 1200n;
  const square = (a.numerator << (2n * places)) / a.denominator;
  const root = floorRoot(square);
  const exact = root * root * a.denominator === a.numerator << (2n * places);
  return { numerator: 2n * root + (exact ? 0n : 1n), denominator: 1n << (places + 1n) };
}

/** Newton's method from above. */
function floorRoot(square: bigint): bigint {
  let root = 1n << BigInt(Math.ceil(square.toString(2).length / 2));
  for (;;) {
    const next = (root + square / root) >> 1n;
    if (next >= root) {
      return root;
    }
    root = next;
  }
}

/** Rounds to a whole number, in a mode of ROUNDING. */
export function roundToWhole(value: Rational, rounding: number): bigint {
  const negative = value.numerator < 0n;
  const numerator = negative ? -value.numerator : value.numerator;
  const lower = numerator / value.denominator;
  const twice = (numerator % value.denominator) * 2n;
  const magnitude = lower + (roundsAway({ negative, lower, twice, whole: value.denominator }, rounding) ? 1n : 0n);
  return negative ? -magnitude : magnitude;
}

type Remainder = { readonly negative: boolean; readonly lower: bigint; readonly twice: bigint; readonly whole: bigint };

function roundsAway({ negative, lower, twice, whole }: Remainder, rounding: number): boolean {
  switch (rounding) {
    case ROUNDING.nearestEven:
      return twice > whole || (twice === whole && lower % 2n === 1n);
    case ROUNDING.nearestAway:
      return twice >= whole;
    case ROUNDING.down:
      return negative && twice !== 0n;
    case ROUNDING.up:
      return !negative && twice !== 0n;
    default:
      return false;
  }
}

/** Exponent of the leading bit of a magnitude that is not 0. */
function leadingExponent(value: Rational): number {
  const numerator = value.numerator < 0n ? -value.numerator : value.numerator;
  const guess = numerator.toString(2).length - value.denominator.toString(2).length;
  const power = scaled(1n, guess);
  return numerator * power.denominator >= power.numerator * value.denominator ? guess : guess - 1;
}

/** count * 2^lastPlace, or an infinity. */
export type RoundedRational = {
  readonly count: bigint;
  readonly lastPlace: number;
  readonly infinite: boolean;
  readonly flags: number;
};

/** Rounds a number that is not 0 to a format. IEEE 754-2019, 4.3 and 7.4 to 7.6; tininess after rounding. */
export function roundRational(value: Rational, format: FloatFormat, rounding: number): RoundedRational {
  const exponent = leadingExponent(value);
  const lastPlace = Math.max(exponent, format.minimumExponent) - format.precision + 1;
  const count = roundAt(value, lastPlace, rounding);
  const rounded = scaled(count, lastPlace);
  const largest = scaled((1n << BigInt(format.precision)) - 1n, format.maximumExponent - format.precision + 1);
  if (exceeds(rounded, largest)) {
    const infinite = exceeds(
      scaled(roundAt(scaled(value.numerator < 0n ? -3n : 3n, -1), 0, rounding), 0),
      scaled(1n, 0),
    );
    const flags = FLOAT_FLAG.overflow | FLOAT_FLAG.inexact;
    return { count: value.numerator < 0n ? -largest.numerator : largest.numerator, lastPlace: 0, infinite, flags };
  }
  const inexact = rounded.numerator * value.denominator !== value.numerator * rounded.denominator;
  const unbounded = scaled(roundAt(value, exponent - format.precision + 1, rounding), exponent - format.precision + 1);
  const tiny = exceeds(scaled(1n, format.minimumExponent), unbounded);
  const flags = inexact ? FLOAT_FLAG.inexact | (tiny ? FLOAT_FLAG.underflow : 0) : 0;
  return { count, lastPlace, infinite: false, flags };
}

function roundAt(value: Rational, lastPlace: number, rounding: number): bigint {
  return roundToWhole(multiply(value, scaled(1n, -lastPlace)), rounding);
}

function exceeds(a: Rational, b: Rational): boolean {
  const left = (a.numerator < 0n ? -a.numerator : a.numerator) * b.denominator;
  const right = (b.numerator < 0n ? -b.numerator : b.numerator) * a.denominator;
  return left > right;
}
