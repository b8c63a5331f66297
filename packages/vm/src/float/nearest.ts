/**
 * The fast path for results rounded to nearest-even: the host computes, and where NX may not be set yet, error-free transformations tell
 * whether it must be. Each function delivers and returns true, or leaves all as it is and returns false: then the slow path must.
 */
import { STATE } from "../memory/layout.ts";
import { productError, roundToOdd, sumError } from "./error-free.ts";
import { sumOfThree } from "./exact.ts";
import { isSafeResult } from "./fast-path.ts";
import { DOUBLE, FLOAT_FLAG, SINGLE, type FloatFormat } from "./format.ts";
import { FLOAT } from "./operations.ts";
import { raiseFlags, readFloat, writeFloat } from "./operands.ts";
import type { FusedOperands } from "./soft.ts";

/** Bound below which no finite result lies. */
const NONE = -1;

/** Within these bounds products, and their errors, neither over- nor underflow, and nor do sums. */
const COMFORTABLE = { smallest: 2 ** -900, largest: 2 ** 980 } as const;

function isComfortable(value: number): boolean {
  const magnitude = Math.abs(value);
  return magnitude > COMFORTABLE.smallest && magnitude < COMFORTABLE.largest;
}

/** Products and quotients that are 0 because the operand is are exact. */
function lowerBound(hasZero: boolean, format: FloatFormat): number {
  return hasZero ? NONE : format.smallestNormal;
}

/** Addition to square root of f64 where NX is set. @param kind addS to sqrtS: FLOAT's number without the format */
export function hostDouble(state: DataView, kind: number): boolean {
  const a = state.getFloat64(STATE.value, true);
  const b = state.getFloat64(STATE.value2, true);
  switch (kind) {
    case FLOAT.addS:
      return storeDouble(state, a + b, NONE);
    case FLOAT.subS:
      return storeDouble(state, a - b, NONE);
    case FLOAT.mulS:
      return storeDouble(state, a * b, lowerBound(a === 0 || b === 0, DOUBLE));
    case FLOAT.divS:
      return storeDouble(state, a / b, lowerBound(a === 0, DOUBLE));
    default:
      return storeDouble(state, Math.sqrt(a), NONE);
  }
}

function storeDouble(state: DataView, result: number, above: number): boolean {
  if (!isSafeResult(result, above)) {
    return false;
  }
  state.setFloat64(STATE.value, result, true);
  return true;
}

/** Addition to square root of f64 where NX is not set. @param kind addS to sqrtS: FLOAT's number without the format */
export function nearestDouble(state: DataView, kind: number): boolean {
  const a = state.getFloat64(STATE.value, true);
  const b = state.getFloat64(STATE.value2, true);
  switch (kind) {
    case FLOAT.addS:
      return storeSum(state, a, b);
    case FLOAT.subS:
      return storeSum(state, a, -b);
    case FLOAT.mulS:
      return storeProduct(state, a, b);
    case FLOAT.divS:
      return storeQuotient(state, a, b);
    default:
      return storeRoot(state, a);
  }
}

function storeSum(state: DataView, a: number, b: number): boolean {
  const sum = a + b;
  return Math.abs(sum) < COMFORTABLE.largest && storeProven(state, sum, sumError(a, b, sum) === 0);
}

function storeProduct(state: DataView, a: number, b: number): boolean {
  const product = a * b;
  return (
    isComfortable(a) && isComfortable(b) && isComfortable(product) && storeProven(state, product, productError(a, b, product) === 0)
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
  state.setFloat64(STATE.value, result, true);
  if (!exact) {
    raiseFlags(state, FLOAT_FLAG.inexact);
  }
  return true;
}

/**
 * Addition to square root of f32. They are done in f64 and rounded again: that is harmless, because 53 bits are at least twice 24 and two
 * more (Figueroa, "When is double rounding innocuous?", 1995).
 * @param kind addS to sqrtS
 */
export function nearestSingle(state: DataView, kind: number): boolean {
  const a = readFloat(state, STATE.value, SINGLE);
  const b = readFloat(state, STATE.value2, SINGLE);
  switch (kind) {
    case FLOAT.addS:
      return storeSingle(state, a + b, sumError(a, b, a + b), NONE);
    case FLOAT.subS:
      return storeSingle(state, a - b, sumError(a, -b, a - b), NONE);
    case FLOAT.mulS:
      return storeSingle(state, a * b, 0, lowerBound(a === 0 || b === 0, SINGLE));
    case FLOAT.divS:
      return storeSingle(state, a / b, (a / b) * b - a, lowerBound(a === 0, SINGLE));
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
  state.setFloat32(STATE.value, result, true);
  state.setUint32(STATE.value + 4, 0xffff_ffff, true);
  if (result !== wide || error !== 0) {
    raiseFlags(state, FLOAT_FLAG.inexact);
  }
  return true;
}

/** Fused multiplication and addition. */
export function nearestFused(state: DataView, operands: FusedOperands, format: FloatFormat): boolean {
  return format === DOUBLE ? nearestFusedDouble(state, operands) : nearestFusedSingle(state, operands);
}

function nearestFusedDouble(state: DataView, { a, b, c }: FusedOperands): boolean {
  const product = a * b;
  if (!isComfortable(product) || !isComfortable(a) || !isComfortable(b) || Math.abs(c) >= COMFORTABLE.largest) {
    return false;
  }
  const { head, tail } = sumOfThree(product, productError(a, b, product), c, 0);
  return isComfortable(head) && storeProven(state, head, tail === 0);
}

/** The product of two f32 is an f64; the sum, rounded to odd, rounds to f32 as the exact one does. */
function nearestFusedSingle(state: DataView, { a, b, c }: FusedOperands): boolean {
  const product = a * b;
  const sum = product + c;
  const error = sumError(product, c, sum);
  return storeSingle(state, roundToOdd(sum, error), error, SINGLE.smallestNormal);
}
