/** Arithmetic in every rounding mode and for every operand: the slow path. */
import { STATE } from "../memory/layout.ts";
import { exactFused, exactNumber, exactProduct, exactQuotient, exactRoot, exactSum, type Result } from "./exact.ts";
import { DOUBLE, FLOAT_FLAG, HALF, SINGLE, type FloatFormat } from "./format.ts";
import { FLOAT } from "./operations.ts";
import { fusedAddend, fusedFactor, isSignalling, raiseFlags, readFloat, writeFloat, writeInvalid } from "./operands.ts";
import { roundExact } from "./round.ts";

// Copies: the host folds a module's own constants into its code, but looks imported ones up at each use.
const { value: VALUE, value2: VALUE_2, value3: VALUE_3 } = STATE;
const { divideByZero: DIVIDE_BY_ZERO } = FLOAT_FLAG;
const { add, sub, mul, div, fromSingle, fromDouble } = FLOAT;

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
    case add:
      return exactSum(a, b, rounding);
    case sub:
      return exactSum(a, -b, rounding);
    case mul:
      return exactProduct(a, b);
    default:
      return exactQuotient(a, b);
  }
}

/** Addition, subtraction, multiplication and division. @param kind add to div */
export function softArithmetic(state: DataView, kind: number, target: Target): void {
  const { format, rounding } = target;
  const a = readFloat(state, VALUE, format);
  const b = readFloat(state, VALUE_2, format);
  const result = exactArithmetic(kind, a, { b, rounding });
  if (Number.isNaN(result)) {
    const given = Number.isNaN(a) || Number.isNaN(b);
    deliverNaN(state, !given || isSignalling(state, VALUE, format) || isSignalling(state, VALUE_2, format), format);
    return;
  }
  if (kind === div && b === 0 && Number.isFinite(a)) {
    raiseFlags(state, DIVIDE_BY_ZERO);
  }
  deliver(state, result, target);
}

/** Square root. */
export function softRoot(state: DataView, target: Target): void {
  const a = readFloat(state, VALUE, target.format);
  const result = exactRoot(a);
  if (Number.isNaN(result)) {
    deliverNaN(state, !Number.isNaN(a) || isSignalling(state, VALUE, target.format), target.format);
  } else {
    deliver(state, result, target);
  }
}

/** Fused multiplication and addition. @param kind madd to nmadd */
export function softFused(state: DataView, kind: number, target: Target): void {
  const a = fusedFactor(kind, readFloat(state, VALUE, target.format));
  const b = readFloat(state, VALUE_2, target.format);
  const c = fusedAddend(kind, readFloat(state, VALUE_3, target.format));
  const result = exactFused(a, b, { c, rounding: target.rounding });
  if (Number.isNaN(result)) {
    deliverNaN(state, isFusedInvalid(a, b, c) || anySignalling(state, target.format), target.format);
  } else {
    deliver(state, result, target);
  }
}

/** Infinity times zero is invalid even where the addend is a quiet NaN: RISC-V asks for that. */
function isFusedInvalid(a: number, b: number, c: number): boolean {
  if (Number.isNaN(a) || Number.isNaN(b)) {
    return false;
  }
  return Number.isNaN(a * b) || !Number.isNaN(c);
}

function anySignalling(state: DataView, format: FloatFormat): boolean {
  return (
    isSignalling(state, VALUE, format) || isSignalling(state, VALUE_2, format) || isSignalling(state, VALUE_3, format)
  );
}

function deliverNaN(state: DataView, invalid: boolean, format: FloatFormat): void {
  if (invalid) {
    writeInvalid(state, format);
  } else {
    writeFloat(state, NaN, format);
  }
}

function sourceOf(kind: number): FloatFormat {
  if (kind === fromSingle) {
    return SINGLE;
  }
  return kind === fromDouble ? DOUBLE : HALF;
}

/** From another format: to a narrower one it rounds, to a wider one it is exact. @param kind fromSingle to fromHalf */
export function convertFormat(state: DataView, kind: number, target: Target): void {
  const source = sourceOf(kind);
  const value = readFloat(state, VALUE, source);
  if (Number.isNaN(value)) {
    deliverNaN(state, isSignalling(state, VALUE, source), target.format);
  } else {
    deliver(state, target.format.precision > source.precision ? value : exactNumber(value), target);
  }
}
