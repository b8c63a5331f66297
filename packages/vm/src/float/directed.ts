/**
 * The fast path for results rounded down, up and towards zero: the host rounds to nearest, and where the error that it made says that the
 * result is on the wrong side of the exact one, it is put right by one step. As in nearest.ts, each function delivers and returns true, or
 * leaves all as it is and returns false.
 */
import { STATE } from "../memory/layout.ts";
import { productError, roundToOdd, sumError } from "./error-free.ts";
import { remainderOf, sumOfThree } from "./exact.ts";
import { DOUBLE, FLOAT_FLAG, ROUNDING, SINGLE, type FloatFormat } from "./format.ts";
import { isComfortable } from "./nearest.ts";
import { FLOAT } from "./operations.ts";
import { fusedAddend, fusedFactor, raiseFlags, readFloat, writeFloat } from "./operands.ts";
import type { Target } from "./soft.ts";

// Copies: the host folds a module's own constants into its code, but looks imported ones up at each use.
const { value: VALUE, value2: VALUE_2, value3: VALUE_3 } = STATE;
const { inexact: INEXACT } = FLOAT_FLAG;
const { down: DOWN, up: UP } = ROUNDING;
const { add, sub, mul, div, sqrt } = FLOAT;
const { smallestNormal: SMALLEST_SINGLE, largest: LARGEST_SINGLE } = SINGLE;

const scratch = new DataView(new ArrayBuffer(8));

/** The operation as the host rounds it. */
function nearestOf(kind: number, a: number, b: number): number {
  switch (kind) {
    case add:
      return a + b;
    case sub:
      return a - b;
    case mul:
      return a * b;
    case div:
      return a / b;
    default:
      return Math.sqrt(a);
  }
}

/** What the host's rounding left away, right in its sign at least. @param head as `nearestOf` gives it */
function errorOf(kind: number, a: number, b: number, head: number): number {
  switch (kind) {
    case add:
      return sumError(a, b, head);
    case sub:
      return sumError(a, -b, head);
    case mul:
      return productError(a, b, head);
    case div:
      return b < 0 ? -remainderOf(a, head, b) : remainderOf(a, head, b);
    default:
      return remainderOf(a, head, head);
  }
}

/** The neighbour of a number that is no zero, on one side. */
function neighbour(value: number, above: boolean, format: FloatFormat): number {
  const step = above === value > 0 ? 1 : -1;
  if (format === SINGLE) {
    scratch.setFloat32(0, value, true);
    scratch.setInt32(0, scratch.getInt32(0, true) + step, true);
    return scratch.getFloat32(0, true);
  }
  scratch.setFloat64(0, value, true);
  const low = scratch.getUint32(0, true) + step;
  scratch.setUint32(0, low, true);
  scratch.setInt32(4, scratch.getInt32(4, true) + Math.floor(low / 2 ** 32), true);
  return scratch.getFloat64(0, true);
}

/** Nearest, or its neighbour on the side that the mode asks for. @param error the exact result less the nearest, in sign */
function directedFrom(nearest: number, error: number, { format, rounding }: Target): number {
  const goesUp = rounding === UP || (rounding !== DOWN && nearest < 0);
  return error !== 0 && goesUp === error > 0 ? neighbour(nearest, goesUp, format) : nearest;
}

function isInnerSingle(value: number): boolean {
  const magnitude = Math.abs(value);
  return magnitude > 2 * SMALLEST_SINGLE && magnitude < LARGEST_SINGLE / 2;
}

/** @returns false where an f32 may over- or underflow */
function deliverDirected(state: DataView, head: number, tail: number, target: Target): boolean {
  if (target.format === DOUBLE) {
    writeFloat(state, directedFrom(head, tail, target), DOUBLE);
  } else {
    const odd = roundToOdd(head, tail);
    const nearest = Math.fround(odd);
    if (!isInnerSingle(nearest)) {
      return false;
    }
    writeFloat(state, directedFrom(nearest, odd - nearest, target), SINGLE);
    raiseFlags(state, odd === nearest ? 0 : INEXACT);
  }
  raiseFlags(state, tail === 0 ? 0 : INEXACT);
  return true;
}

/** Addition to square root in f64 and f32. @param kind add to sqrt @param target rounds down, up or towards zero */
export function directedArithmetic(state: DataView, kind: number, target: Target): boolean {
  const a = readFloat(state, VALUE, target.format);
  const b = kind === sqrt ? 1 : readFloat(state, VALUE_2, target.format);
  const head = nearestOf(kind, a, b);
  if (!isComfortable(a) || !isComfortable(b) || !isComfortable(head)) {
    return false;
  }
  return deliverDirected(state, head, errorOf(kind, a, b, head), target);
}

/** Fused multiplication and addition in f64 and f32. @param kind madd to nmadd @param target as above */
export function directedFused(state: DataView, kind: number, target: Target): boolean {
  const a = fusedFactor(kind, readFloat(state, VALUE, target.format));
  const b = readFloat(state, VALUE_2, target.format);
  const c = fusedAddend(kind, readFloat(state, VALUE_3, target.format));
  const product = a * b;
  if (!isComfortable(a) || !isComfortable(b) || !isComfortable(product) || (c !== 0 && !isComfortable(c))) {
    return false;
  }
  const { head, tail } = sumOfThree(product, productError(a, b, product), c, 0);
  return isComfortable(head) && deliverDirected(state, head, tail, target);
}
