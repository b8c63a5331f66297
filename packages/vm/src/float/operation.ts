/** The hart's floating-point unit: one function that does every operation generated code does not do itself. */
import { STATE } from "../memory/layout.ts";
import { classify, compare, selectExtreme } from "./compare.ts";
import { DOUBLE, FLOAT_FLAG, ROUNDING, SINGLE, type FloatFormat } from "./format.ts";
import { convertFromInteger, convertToInteger } from "./integer.ts";
import {
  hostDouble,
  nearestConversion,
  nearestDouble,
  nearestFusedDouble,
  nearestFusedSingle,
  nearestSingle,
} from "./nearest.ts";
import { FLOAT } from "./operations.ts";
import { convertFormat, softArithmetic, softFused, softRoot, type Target } from "./soft.ts";

// Copies: the host folds a module's own constants into its code, but looks imported ones up at each use.
const { floatFlags: FLAGS, floatRounding: ROUNDING_MODE, floatFast: FAST } = STATE;
const { inexact: INEXACT } = FLOAT_FLAG;
const { nearestEven: NEAREST_EVEN, nearestAway: NEAREST_AWAY, dynamic: DYNAMIC } = ROUNDING;
const { minS, maxS, classS, sqrtS, nmaddS, sToW, sToLu, luToS } = FLOAT;

/** Operations on f64 are numbered as those on f32, and this added. */
const DOUBLE_BIT = 32;
const KIND_MASK = 31;
/** Where an operation's number holds its rounding mode. */
const ROUNDING_SHIFT = 8;
const ROUNDING_MASK = 7;

/**
 * Performs an operation on STATE.value, value2 and value3: its result comes to STATE.value, its exceptions are added to
 * STATE.floatFlags, and STATE.floatFast is set anew. No path uses BigInt.
 * RISC-V unprivileged specification, chapters "F" and "D".
 * @param state a view of the engine's whole memory
 * @param operation one of FLOAT, with the rounding mode in bits 8 to 10 (7: dynamic); comparisons, fmin, fmax and fclass have none
 * @returns 1; 0 where the rounding mode is none, with nothing changed: the instruction is illegal then
 */
export function floatOperation(state: DataView, operation: number): number {
  const kind = operation & KIND_MASK;
  const isDouble = (operation & DOUBLE_BIT) !== 0;
  if (kind >= minS && kind <= classS) {
    withoutRounding(state, kind, isDouble ? DOUBLE : SINGLE);
    updateFast(state);
    return 1;
  }
  const rounding = roundingOf(state, operation);
  if (rounding > NEAREST_AWAY) {
    return 0;
  }
  if (kind >= sToW && kind <= sToLu) {
    convertToInteger(state, kind, isDouble ? DOUBLE : SINGLE, rounding);
  } else if (rounding !== NEAREST_EVEN || !nearest(state, kind, isDouble)) {
    operate(state, kind, { format: isDouble ? DOUBLE : SINGLE, rounding });
  }
  updateFast(state);
  return 1;
}

function withoutRounding(state: DataView, kind: number, format: FloatFormat): void {
  if (kind === classS) {
    classify(state, format);
  } else if (kind <= maxS) {
    selectExtreme(state, kind, format);
  } else {
    compare(state, kind, format);
  }
}

function roundingOf(state: DataView, operation: number): number {
  const rounding = (operation >>> ROUNDING_SHIFT) & ROUNDING_MASK;
  return rounding === DYNAMIC ? state.getUint32(ROUNDING_MODE, true) : rounding;
}

/** Keeps STATE.floatFast true to its meaning. */
function updateFast(state: DataView): void {
  const inexact = state.getUint32(FLAGS, true) & INEXACT;
  state.setUint32(FAST, state.getUint32(ROUNDING_MODE, true) === NEAREST_EVEN ? inexact : 0, true);
}

/** Rounds to nearest-even. @returns false where only the slow path can */
function nearest(state: DataView, kind: number, isDouble: boolean): boolean {
  if (kind > nmaddS) {
    return nearestConversion(state, kind, isDouble);
  }
  if (kind > sqrtS) {
    return isDouble ? nearestFusedDouble(state, kind) : nearestFusedSingle(state, kind);
  }
  if (!isDouble) {
    return nearestSingle(state, kind);
  }
  return (state.getUint32(FLAGS, true) & INEXACT) !== 0 ? hostDouble(state, kind) : nearestDouble(state, kind);
}

/** Rounds in any mode. */
function operate(state: DataView, kind: number, target: Target): void {
  if (kind < sqrtS) {
    softArithmetic(state, kind, target);
  } else if (kind === sqrtS) {
    softRoot(state, target);
  } else if (kind <= nmaddS) {
    softFused(state, kind, target);
  } else if (kind <= luToS) {
    convertFromInteger(state, kind, target);
  } else {
    convertFormat(state, target);
  }
}
