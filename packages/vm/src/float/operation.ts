/** The hart's floating-point unit: one function that does every operation generated code does not do itself. */
import { STATE } from "../memory/layout.ts";
import { compare, selectExtreme } from "./compare.ts";
import { directedArithmetic, directedFused } from "./directed.ts";
import { DOUBLE, FLOAT_FLAG, FLOAT_FORMATS, type FloatFormat, HALF, ROUNDING, SINGLE } from "./format.ts";
import { convertFromInteger, convertToInteger } from "./integer.ts";
import {
  hostDouble,
  nearestConversion,
  nearestDouble,
  nearestFusedDouble,
  nearestFusedSingle,
  nearestSingle,
} from "./nearest.ts";
import { FLOAT, OPERATION } from "./operations.ts";
import { convertFormat, softArithmetic, softFused, softRoot, type Target } from "./soft.ts";

// Copies: the host folds a module's own constants into its code, but looks imported ones up at each use.
const { floatFlags: FLAGS, floatRounding: ROUNDING_MODE, floatFast: FAST } = STATE;
const { inexact: INEXACT } = FLOAT_FLAG;
const { nearestEven: NEAREST_EVEN, nearestAway: NEAREST_AWAY, dynamic: DYNAMIC } = ROUNDING;
const { min, max, le, sqrt, nmadd, toW, toLu, fromLu } = FLOAT;
const { kindMask, formatShift, formatMask, roundingShift, roundingMask } = OPERATION;

/**
 * Performs an operation on STATE.value, value2 and value3: its result comes to STATE.value, its exceptions are added to
 * STATE.floatFlags, and STATE.floatFast is set anew. No path uses BigInt.
 * RISC-V unprivileged specification, chapters "F", "D" and "Zfh".
 * @param state a view of the engine's whole memory
 * @param operation as `operationOf` gives it, with the rounding mode (7: dynamic); comparisons, fmin and fmax have none
 * @returns 1; 0 where the rounding mode is none, with nothing changed: the instruction is illegal then
 */
export function floatOperation(state: DataView, operation: number): number {
  const kind = operation & kindMask;
  const format = FLOAT_FORMATS[(operation >>> formatShift) & formatMask] ?? SINGLE;
  if (kind >= min && kind <= le) {
    withoutRounding(state, kind, format);
    updateFast(state);
    return 1;
  }
  const rounding = roundingOf(state, operation);
  if (rounding > NEAREST_AWAY) {
    return 0;
  }
  if (kind >= toW && kind <= toLu) {
    convertToInteger(state, kind, format, rounding);
  } else if (!isDoneFast(state, kind, { format, rounding })) {
    operate(state, kind, { format, rounding });
  }
  updateFast(state);
  return 1;
}

function withoutRounding(state: DataView, kind: number, format: FloatFormat): void {
  if (kind <= max) {
    selectExtreme(state, kind, format);
  } else {
    compare(state, kind, format);
  }
}

function roundingOf(state: DataView, operation: number): number {
  const rounding = (operation >>> roundingShift) & roundingMask;
  return rounding === DYNAMIC ? state.getUint32(ROUNDING_MODE, true) : rounding;
}

/** Keeps STATE.floatFast true to its meaning. */
function updateFast(state: DataView): void {
  const inexact = state.getUint32(FLAGS, true) & INEXACT;
  state.setUint32(FAST, state.getUint32(ROUNDING_MODE, true) === NEAREST_EVEN ? inexact : 0, true);
}

/** Tries a fast path. @returns false where there is none */
function isDoneFast(state: DataView, kind: number, target: Target): boolean {
  const { format, rounding } = target;
  if (format === HALF || rounding === NEAREST_AWAY) {
    return false;
  }
  if (rounding === NEAREST_EVEN) {
    return nearest(state, kind, format === DOUBLE);
  }
  if (kind > nmadd) {
    return false;
  }
  return kind <= sqrt ? directedArithmetic(state, kind, target) : directedFused(state, kind, target);
}

/** Rounds to nearest-even in f32 and f64. @returns false where only the slow path can */
function nearest(state: DataView, kind: number, isDouble: boolean): boolean {
  if (kind > nmadd) {
    return nearestConversion(state, kind, isDouble);
  }
  if (kind > sqrt) {
    return isDouble ? nearestFusedDouble(state, kind) : nearestFusedSingle(state, kind);
  }
  if (!isDouble) {
    return nearestSingle(state, kind);
  }
  return (state.getUint32(FLAGS, true) & INEXACT) !== 0 ? hostDouble(state, kind) : nearestDouble(state, kind);
}

/** Rounds in any mode. */
function operate(state: DataView, kind: number, target: Target): void {
  if (kind < sqrt) {
    softArithmetic(state, kind, target);
  } else if (kind === sqrt) {
    softRoot(state, target);
  } else if (kind <= nmadd) {
    softFused(state, kind, target);
  } else if (kind <= fromLu) {
    convertFromInteger(state, kind, target);
  } else {
    convertFormat(state, kind, target);
  }
}
