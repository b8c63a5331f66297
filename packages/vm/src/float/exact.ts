/**
 * Exact results of arithmetic on any numbers, for the slow path: operands are brought near 1, where error-free transformations hold, and
 * the exponent is kept apart. No wide integers, no BigInt.
 */
import { exponentOf, powerOfTwo, productError, roundToOdd, sumError } from "./error-free.ts";
import { ROUNDING } from "./format.ts";
import type { Exact } from "./round.ts";

// Copies: the host folds a module's own constants into its code, but looks imported ones up at each use.
const { down: DOWN } = ROUNDING;

/** An exact result that must be rounded, or one that every format and mode delivers as it is: a zero, an infinity, NaN, an operand. */
export type Result = Exact | number;

/** Binary places between two addends from which on only the smaller one's sign counts. */
const FAR = 200;

/** True for what can be computed with; false for zeros, infinities and NaN, whose results are the host's own. */
function isOrdinary(value: number): boolean {
  return value !== 0 && Number.isFinite(value);
}

/** value / 2^exponent, in [1, 2) but for its sign. @param exponent `exponentOf(value)` */
function significandOf(value: number, exponent: number): number {
  // 2^1074 would be no number.
  return exponent < -1022 ? value * 2 ** 54 * powerOfTwo(-exponent - 54) : value * powerOfTwo(-exponent);
}

/** A number as a result that may have to be rounded to a narrower format. */
export function exactNumber(value: number): Result {
  if (!isOrdinary(value)) {
    return value;
  }
  const scale = exponentOf(value);
  return { head: significandOf(value, scale), tail: 0, scale };
}

/** a + b. @param rounding decides the sign of a zero */
export function exactSum(a: number, b: number, rounding: number): Result {
  if (isOrdinary(a) && isOrdinary(b)) {
    return signZero(fuse(a, 1, b), rounding);
  }
  return a === 0 && b === 0 ? sumOfZeros(a, b, rounding) : a + b;
}

/** a * b. */
export function exactProduct(a: number, b: number): Result {
  if (!isOrdinary(a) || !isOrdinary(b)) {
    return a * b;
  }
  const exponentA = exponentOf(a);
  const exponentB = exponentOf(b);
  const x = significandOf(a, exponentA);
  const y = significandOf(b, exponentB);
  return { head: x * y, tail: productError(x, y, x * y), scale: exponentA + exponentB };
}

/** a / b. */
export function exactQuotient(a: number, b: number): Result {
  if (!isOrdinary(a) || !isOrdinary(b)) {
    return a / b;
  }
  const exponentA = exponentOf(a);
  const exponentB = exponentOf(b);
  const x = significandOf(a, exponentA);
  const y = significandOf(b, exponentB);
  const head = x / y;
  const remainder = remainderOf(x, head, y);
  return { head, tail: y < 0 ? -remainder : remainder, scale: exponentA - exponentB };
}

/** The square root. */
export function exactRoot(a: number): Result {
  if (!isOrdinary(a) || a < 0) {
    return Math.sqrt(a);
  }
  const exponent = exponentOf(a);
  const odd = exponent & 1;
  const x = significandOf(a, exponent) * (odd === 1 ? 2 : 1);
  const head = Math.sqrt(x);
  return { head, tail: remainderOf(x, head, head), scale: (exponent - odd) / 2 };
}

/**
 * whole - quotient * divisor, made small enough to be a tail: quotients and roots never lie half-way, so its sign is all that counts.
 * The remainder itself is a number, because quotient is whole / divisor rounded to nearest.
 */
export function remainderOf(whole: number, quotient: number, divisor: number): number {
  const product = quotient * divisor;
  return (whole - product - productError(quotient, divisor, product)) / 8;
}

/** a * b + c. @param rounding decides the sign of a zero */
export function exactFused(a: number, b: number, operand: { c: number; rounding: number }): Result {
  const { c, rounding } = operand;
  if (!isOrdinary(a) || !isOrdinary(b)) {
    return exactSumOfHost(a * b, c, rounding);
  }
  if (!isOrdinary(c)) {
    return c === 0 ? exactProduct(a, b) : c;
  }
  return signZero(fuse(a, b, c), rounding);
}

/** As exactSum, where the sum is exact. @param product a zero, an infinity, or NaN */
function exactSumOfHost(product: number, c: number, rounding: number): number {
  return product === 0 && c === 0 ? sumOfZeros(product, c, rounding) : product + c;
}

/** a * b + c of ordinary numbers. */
function fuse(a: number, b: number, c: number): Exact {
  const exponentA = exponentOf(a);
  const exponentB = exponentOf(b);
  const exponentC = exponentOf(c);
  const x = significandOf(a, exponentA);
  const y = significandOf(b, exponentB);
  const distance = exponentC - exponentA - exponentB;
  const near = Math.max(-FAR, Math.min(FAR, distance));
  const scale = distance > FAR ? exponentC - FAR : exponentA + exponentB;
  const product = x * y;
  return sumOfThree(product, productError(x, y, product), significandOf(c, exponentC) * powerOfTwo(near), scale);
}

/**
 * (product + error + c) * 2^scale, by Boldo and Melquiond's algorithm: what two exact sums leave away is rounded to odd and added last, so
 * that the head is rounded once, and the tail is right in sign, and about halves.
 * @param error of a product, as productError gives it
 */
export function sumOfThree(product: number, error: number, c: number, scale: number): Exact {
  const small = c + error;
  const smallError = sumError(c, error, small);
  const large = product + small;
  const largeError = sumError(product, small, large);
  const rest = largeError + smallError;
  const oddRest = roundToOdd(rest, sumError(largeError, smallError, rest));
  const head = large + oddRest;
  return { head, tail: sumError(large, oddRest, head), scale };
}

/** An exact zero from numbers that are none is positive, but negative when rounding down. IEEE 754-2019, 6.3. */
function zeroOf(rounding: number): number {
  return rounding === DOWN ? -0 : 0;
}

function signZero(exact: Exact, rounding: number): Result {
  return exact.head === 0 ? zeroOf(rounding) : exact;
}

function sumOfZeros(a: number, b: number, rounding: number): number {
  return Object.is(a, b) ? a : zeroOf(rounding);
}
