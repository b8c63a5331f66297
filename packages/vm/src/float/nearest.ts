/**
 * The fast path for results rounded to nearest-even: the host computes, and where NX may not be set yet, error-free transformations tell
 * whether it must be. Each function delivers and returns true, or leaves all as it is and returns false: then the slow path must.
 */
import { STATE } from "../memory/layout.ts";
import { productError, roundToOdd, sumError } from "./error-free.ts";
import { sumOfThree } from "./exact.ts";
import { isSafeResult } from "./fast-path.ts";
import { DOUBLE, FLOAT_FLAG, SINGLE } from "./format.ts";
import { FLOAT } from "./operations.ts";
import { fusedAddend, fusedFactor, raiseFlags, readFloat } from "./operands.ts";

// Copies: the host folds a module's own constants into its code, but looks imported ones up at each use.
const { value: VALUE, value2: VALUE_2, value3: VALUE_3 } = STATE;
const { inexact: INEXACT } = FLOAT_FLAG;
const { add, sub, mul, div, fromL, fromLu, fromDouble } = FLOAT;

const { smallestNormal: SMALLEST_SINGLE } = SINGLE;
const { smallestNormal: SMALLEST_DOUBLE } = DOUBLE;

/** A bound on magnitudes that keeps out none: of sums and roots, which can't underflow, and of zeros that come from a zero operand. */
const NONE = -1;

/** Between these bounds products, and their errors, neither over- nor underflow, and nor do sums. */
const SMALLEST = 2 ** -900;
const LARGEST = 2 ** 980;

/** True for what can be multiplied and added without coming near over- or underflow. */
export function isComfortable(value: number): boolean {
  const magnitude = Math.abs(value);
  return magnitude > SMALLEST && magnitude < LARGEST;
}

/** Addition to square root of f64 where NX is set. @param kind add to sqrt */
export function hostDouble(state: DataView, kind: number): boolean {
  const a = state.getFloat64(VALUE, true);
  const b = state.getFloat64(VALUE_2, true);
  switch (kind) {
    case add:
      return storeDouble(state, a + b, NONE);
    case sub:
      return storeDouble(state, a - b, NONE);
    case mul:
      return storeDouble(state, a * b, a === 0 || b === 0 ? NONE : SMALLEST_DOUBLE);
    case div:
      return storeDouble(state, a / b, a === 0 ? NONE : SMALLEST_DOUBLE);
    default:
      return storeDouble(state, Math.sqrt(a), NONE);
  }
}

function storeDouble(state: DataView, result: number, above: number): boolean {
  if (!isSafeResult(result, above)) {
    return false;
  }
  state.setFloat64(VALUE, result, true);
  return true;
}

/** Addition to square root of f64 where NX is not set. @param kind add to sqrt */
export function nearestDouble(state: DataView, kind: number): boolean {
  const a = state.getFloat64(VALUE, true);
  const b = state.getFloat64(VALUE_2, true);
  switch (kind) {
    case add:
      return storeSum(state, a, b);
    case sub:
      return storeSum(state, a, -b);
    case mul:
      return storeProduct(state, a, b);
    case div:
      return storeQuotient(state, a, b);
    default:
      return storeRoot(state, a);
  }
}

function storeSum(state: DataView, a: number, b: number): boolean {
  const sum = a + b;
  return Math.abs(sum) < LARGEST && storeProven(state, sum, sumError(a, b, sum) === 0);
}

function storeProduct(state: DataView, a: number, b: number): boolean {
  const product = a * b;
  return (
    isComfortable(a) &&
    isComfortable(b) &&
    isComfortable(product) &&
    storeProven(state, product, productError(a, b, product) === 0)
  );
}

function storeQuotient(state: DataView, a: number, b: number): boolean {
  const quotient = a / b;
  if (!isComfortable(a) || !isComfortable(b) || !isComfortable(quotient)) {
    return false;
  }
  return storeProven(state, quotient, quotient * b === a && productError(quotient, b, a) === 0);
}

function storeRoot(state: DataView, a: number): boolean {
  const root = Math.sqrt(a);
  return a > 0 && isComfortable(a) && storeProven(state, root, root * root === a && productError(root, root, a) === 0);
}

function storeProven(state: DataView, result: number, exact: boolean): boolean {
  state.setFloat64(VALUE, result, true);
  if (!exact) {
    raiseFlags(state, INEXACT);
  }
  return true;
}

/**
 * Addition to square root of f32. They are done in f64 and rounded again: that is harmless, because 53 bits are at least twice 24 and two
 * more (Figueroa, "When is double rounding innocuous?", 1995).
 * @param kind add to sqrt
 */
export function nearestSingle(state: DataView, kind: number): boolean {
  const a = readFloat(state, VALUE, SINGLE);
  const b = readFloat(state, VALUE_2, SINGLE);
  switch (kind) {
    case add:
      return storeSingle(state, a + b, sumError(a, b, a + b), NONE);
    case sub:
      return storeSingle(state, a - b, sumError(a, -b, a - b), NONE);
    case mul:
      return storeSingle(state, a * b, 0, a === 0 || b === 0 ? NONE : SMALLEST_SINGLE);
    case div:
      // Zero divided by infinity is exact, but times infinity no zero again.
      return a === 0 ? storeSingle(state, a / b, 0, NONE) : storeSingle(state, a / b, (a / b) * b - a, SMALLEST_SINGLE);
    default:
      return storeSingle(state, Math.sqrt(a), Math.sqrt(a) * Math.sqrt(a) - a, NONE);
  }
}

/** @param error 0 just where `wide`, if it is an f32, is exact */
function storeSingle(state: DataView, wide: number, error: number, above: number): boolean {
  const result = Math.fround(wide);
  if (!isSafeResult(result, above)) {
    return false;
  }
  state.setFloat32(VALUE, result, true);
  state.setUint32(VALUE + 4, 0xffff_ffff, true);
  if (result !== wide || error !== 0) {
    raiseFlags(state, INEXACT);
  }
  return true;
}

/** Fused multiplication and addition of f64. @param kind madd to nmadd */
export function nearestFusedDouble(state: DataView, kind: number): boolean {
  const a = fusedFactor(kind, state.getFloat64(VALUE, true));
  const b = state.getFloat64(VALUE_2, true);
  const c = fusedAddend(kind, state.getFloat64(VALUE_3, true));
  const product = a * b;
  if (!isComfortable(product) || !isComfortable(a) || !isComfortable(b) || Math.abs(c) >= LARGEST) {
    return false;
  }
  const { head, tail } = sumOfThree(product, productError(a, b, product), c, 0);
  return isComfortable(head) && storeProven(state, head, tail === 0);
}

/**
 * Fused multiplication and addition of f32. Their product is an f64; the sum, rounded to odd, rounds to f32 as the exact one does.
 * @param kind madd to nmadd
 */
export function nearestFusedSingle(state: DataView, kind: number): boolean {
  const product = fusedFactor(kind, readFloat(state, VALUE, SINGLE)) * readFloat(state, VALUE_2, SINGLE);
  const c = fusedAddend(kind, readFloat(state, VALUE_3, SINGLE));
  const sum = product + c;
  const error = sumError(product, c, sum);
  return storeSingle(state, roundToOdd(sum, error), error, SMALLEST_SINGLE);
}

/** Conversions to f32 and f64 that may round. @param kind fromW to fromHalf */
export function nearestConversion(state: DataView, kind: number, isDouble: boolean): boolean {
  if (kind === fromDouble) {
    return storeSingle(state, state.getFloat64(VALUE, true), 0, SMALLEST_SINGLE);
  }
  if (kind !== fromL && kind !== fromLu) {
    return false;
  }
  const upper = (kind === fromL ? state.getInt32(VALUE + 4, true) : state.getUint32(VALUE + 4, true)) * 2 ** 32;
  const lower = state.getUint32(VALUE, true);
  const sum = upper + lower;
  const error = sumError(upper, lower, sum);
  return isDouble ? storeProven(state, sum, error === 0) : storeSingle(state, roundToOdd(sum, error), error, NONE);
}
