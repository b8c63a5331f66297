/** The hart's floating-point unit: one function that does every operation generated code does not do itself. */
import { STATE } from "../memory/layout.ts";
import { compareOrClassify } from "./compare.ts";
import { DOUBLE, FLOAT_FLAG, ROUNDING, SINGLE } from "./format.ts";
import { convertFromInteger, convertToInteger } from "./integer.ts";
import { hostDouble, nearestDouble, nearestFused, nearestSingle } from "./nearest.ts";
import { FLOAT } from "./operations.ts";
import { convertFormat, readFused, softArithmetic, softFused, softRoot, type Target } from "./soft.ts";

/** Operations on f64 are numbered as those on f32, and this added. */
const DOUBLE_BIT = 32;
const KIND_MASK = 31;
/** Where an operation's number holds its rounding mode. */
const ROUNDING_SHIFT = 8;
const ROUNDING_MASK = 7;

/**
 * Performs an operation on STATE.value, value2 and value3: its result comes to STATE.value, its exceptions are added to
 * STATE.floatFlags, and STATE.floatFast is set anew. Never uses BigInt.
 * RISC-V unprivileged specification, chapters "F" and "D".
 * @param state a view of the engine's whole memory
 * @param operation one of FLOAT, with the rounding mode in bits 8 to 10 (7: dynamic); comparisons, fmin, fmax and fclass have none
 * @returns 1; 0 where the rounding mode is none, with nothing changed: the instruction is illegal then
 */
export function floatOperation(state: DataView, operation: number): number {
  const kind = operation & KIND_MASK;
  const format = (operation & DOUBLE_BIT) === 0 ? SINGLE : DOUBLE;
  if (kind >= FLOAT.minS && kind <= FLOAT.classS) {
    compareOrClassify(state, kind, format);
    updateFast(state);
    return 1;
  }
  const rounding = roundingOf(state, operation);
  if (rounding > ROUNDING.nearestAway) {
    return 0;
  }
  if (rounding !== ROUNDING.nearestEven || kind > FLOAT.sqrtS || !nearest(state, operation)) {
    operate(state, kind, { format, rounding });
  }
  updateFast(state);
  return 1;
}

/** Addition to square root, rounded to nearest. @returns false where only the slow path can */
function nearest(state: DataView, operation: number): boolean {
  const kind = operation & KIND_MASK;
  if ((operation & DOUBLE_BIT) === 0) {
    return nearestSingle(state, kind);
  }
  return (state.getUint32(STATE.floatFlags, true) & FLOAT_FLAG.inexact) !== 0 ? hostDouble(state, kind) : nearestDouble(state, kind);
}

function roundingOf(state: DataView, operation: number): number {
  const rounding = (operation >>> ROUNDING_SHIFT) & ROUNDING_MASK;
  return rounding === ROUNDING.dynamic ? state.getUint32(STATE.floatRounding, true) : rounding;
}

/** Keeps STATE.floatFast true to its meaning. */
function updateFast(state: DataView): void {
  const inexact = state.getUint32(STATE.floatFlags, true) & FLOAT_FLAG.inexact;
  state.setUint32(
    STATE.floatFast,
    state.getUint32(STATE.floatRounding, true) === ROUNDING.nearestEven ? inexact : 0,
    true,
  );
}

function operate(state: DataView, kind: number, target: Target): void {
  if (kind < FLOAT.sqrtS) {
    softArithmetic(state, kind, target);
  } else if (kind === FLOAT.sqrtS) {
    softRoot(state, target);
  } else if (kind <= FLOAT.nmaddS) {
    fused(state, kind, target);
  } else if (kind <= FLOAT.sToLu) {
    convertToInteger(state, kind, target);
  } else if (kind <= FLOAT.luToS) {
    convertFromInteger(state, kind, target);
  } else {
    convertFormat(state, target);
  }
}

function fused(state: DataView, kind: number, target: Target): void {
  const operands = readFused(state, kind, target.format);
  if (target.rounding !== ROUNDING.nearestEven || !nearestFused(state, operands, target.format)) {
    softFused(state, operands, target);
  }
}
