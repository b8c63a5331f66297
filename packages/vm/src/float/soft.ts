/** Arithmetic in every rounding mode and for every operand: the slow path. */
import { STATE } from "../memory/layout.ts";
import { exactFused, exactNumber, exactProduct, exactQuotient, exactRoot, exactSum, type Result } from "./exact.ts";
import { DOUBLE, FLOAT_FLAG, SINGLE, type FloatFormat } from "./format.ts";
import { FLOAT } from "./operations.ts";
import { isSignalling, raiseFlags, readFloat, writeFloat, writeInvalid } from "./operands.ts";
import { roundExact } from "./round.ts";

/** How a result is to be delivered. `rounding`: of ROUNDING, but not dynamic. */
export type Target = { readonly format: FloatFormat; readonly rounding: number };

/** Rounds, writes, and raises what rounding raises. */
export function deliver(state: DataView, result: Result, target: Target): void {
  if (typeof result === "number") {
    writeFloat(state, result, target.format);
    return;
  }
  const rounded = roundExact(result, target.format, target.rounding);
  raiseFlags(state, rounded.flags);
  writeFloat(state, rounded.value, target.format);
}

function exactArithmetic(kind: number, a: number, operand: { b: number; rounding: number }): Result {
  const { b, rounding } = operand;
  switch (kind) {
    case FLOAT.addS:
      return exactSum(a, b, rounding);
    case FLOAT.subS:
      return exactSum(a, -b, rounding);
    case FLOAT.mulS:
      return exactProduct(a, b);
    default:
      return exactQuotient(a, b);
  }
}

/** Addition, subtraction, multiplication and division. @param kind addS to divS: FLOAT's number without the format */
export function softArithmetic(state: DataView, kind: number, target: Target): void {
  const { format, rounding } = target;
  const a = readFloat(state, STATE.value, format);
  const b = readFloat(state, STATE.value2, format);
  const result = exactArithmetic(kind, a, { b, rounding });
  if (Number.isNaN(result)) {
    const given = Number.isNaN(a) || Number.isNaN(b);
    deliverNaN(
      state,
      !given || isSignalling(state, STATE.value, format) || isSignalling(state, STATE.value2, format),
      format,
    );
    return;
  }
  if (kind === FLOAT.divS && b === 0 && Number.isFinite(a)) {
    raiseFlags(state, FLOAT_FLAG.divideByZero);
  }
  deliver(state, result, target);
}

/** Square root. */
export function softRoot(state: DataView, target: Target): void {
  const a = readFloat(state, STATE.value, target.format);
  const result = exactRoot(a);
  if (Number.isNaN(result)) {
    deliverNaN(state, !Number.isNaN(a) || isSignalling(state, STATE.value, target.format), target.format);
  } else {
    deliver(state, result, target);
  }
}

/** The three operands of a fused operation, with the signs that make it a * b + c. */
export type FusedOperands = { readonly a: number; readonly b: number; readonly c: number };

/** Reads them. @param kind maddS to nmaddS */
export function readFused(state: DataView, kind: number, format: FloatFormat): FusedOperands {
  const a = readFloat(state, STATE.value, format);
  const b = readFloat(state, STATE.value2, format);
  const c = readFloat(state, STATE.value3, format);
  return {
    a: kind === FLOAT.nmsubS || kind === FLOAT.nmaddS ? -a : a,
    b,
    c: kind === FLOAT.msubS || kind === FLOAT.nmaddS ? -c : c,
  };
}

/** Fused multiplication and addition. */
export function softFused(state: DataView, operands: FusedOperands, target: Target): void {
  const { a, b, c } = operands;
  const result = exactFused(a, b, { c, rounding: target.rounding });
  if (Number.isNaN(result)) {
    deliverNaN(state, isFusedInvalid(operands) || anySignalling(state, target.format), target.format);
  } else {
    deliver(state, result, target);
  }
}

/** Infinity times zero is invalid even where the addend is a quiet NaN: RISC-V asks for that. */
function isFusedInvalid({ a, b, c }: FusedOperands): boolean {
  if (Number.isNaN(a) || Number.isNaN(b)) {
    return false;
  }
  return Number.isNaN(a * b) || !Number.isNaN(c);
}

function anySignalling(state: DataView, format: FloatFormat): boolean {
  return (
    isSignalling(state, STATE.value, format) ||
    isSignalling(state, STATE.value2, format) ||
    isSignalling(state, STATE.value3, format)
  );
}

function deliverNaN(state: DataView, invalid: boolean, format: FloatFormat): void {
  if (invalid) {
    writeInvalid(state, format);
  } else {
    writeFloat(state, NaN, format);
  }
}

/** From the other format: f64 to f32 rounds, f32 to f64 is exact. */
export function convertFormat(state: DataView, target: Target): void {
  const source = target.format === DOUBLE ? SINGLE : DOUBLE;
  const value = readFloat(state, STATE.value, source);
  if (Number.isNaN(value)) {
    deliverNaN(state, isSignalling(state, STATE.value, source), target.format);
  } else {
    deliver(state, target.format === DOUBLE ? value : exactNumber(value), target);
  }
}
