/** Comparisons, minimum and maximum, and classes: exact, and without rounding mode. */
import { STATE } from "../memory/layout.ts";
import { FLOAT_FLAG, type FloatFormat } from "./format.ts";
import { FLOAT } from "./operations.ts";
import { isSignalling, raiseFlags, readFloat, writeFloat, writeInteger } from "./operands.ts";

// Copies: the host folds a module's own constants into its code, but looks imported ones up at each use.
const { value: VALUE, value2: VALUE_2 } = STATE;
const { invalid: INVALID } = FLOAT_FLAG;
const { minS, eqS, ltS } = FLOAT;

/** The bits of fclass's result. RISC-V unprivileged specification, "Single-Precision Floating-Point Classify Instruction". */
const CLASS = {
  negativeInfinity: 1,
  negativeNormal: 2,
  negativeSubnormal: 4,
  negativeZero: 8,
  positiveZero: 16,
  positiveSubnormal: 32,
  positiveNormal: 64,
  positiveInfinity: 128,
  signallingNaN: 256,
  quietNaN: 512,
} as const;

/** feq, flt and fle. @param kind eqS, ltS or leS: FLOAT's number without the format */
export function compare(state: DataView, kind: number, format: FloatFormat): void {
  const a = readFloat(state, VALUE, format);
  const b = readFloat(state, VALUE_2, format);
  if (Number.isNaN(a) || Number.isNaN(b)) {
    signalUnordered(state, kind !== eqS || anySignalling(state, format));
  }
  writeInteger(state, 0, isRelated(kind, a, b) ? 1 : 0);
}

function isRelated(kind: number, a: number, b: number): boolean {
  if (kind === eqS) {
    return a === b;
  }
  return kind === ltS ? a < b : a <= b;
}

/** fmin and fmax: IEEE 754-2019's minimumNumber and maximumNumber (9.6). @param kind minS or maxS: FLOAT's number without the format */
export function selectExtreme(state: DataView, kind: number, format: FloatFormat): void {
  const a = readFloat(state, VALUE, format);
  const b = readFloat(state, VALUE_2, format);
  if (Number.isNaN(a) || Number.isNaN(b)) {
    signalUnordered(state, anySignalling(state, format));
    writeFloat(state, Number.isNaN(a) ? b : a, format);
    return;
  }
  // The host's order too has -0 below +0.
  writeFloat(state, kind === minS ? Math.min(a, b) : Math.max(a, b), format);
}

function signalUnordered(state: DataView, invalid: boolean): void {
  if (invalid) {
    raiseFlags(state, INVALID);
  }
}

function anySignalling(state: DataView, format: FloatFormat): boolean {
  return isSignalling(state, VALUE, format) || isSignalling(state, VALUE_2, format);
}

/** fclass. */
export function classify(state: DataView, format: FloatFormat): void {
  const a = readFloat(state, VALUE, format);
  writeInteger(state, 0, Number.isNaN(a) ? classOfNaN(state, format) : classOf(a, format));
}

function classOfNaN(state: DataView, format: FloatFormat): number {
  return isSignalling(state, VALUE, format) ? CLASS.signallingNaN : CLASS.quietNaN;
}

function classOf(value: number, format: FloatFormat): number {
  const negative = value < 0 || Object.is(value, -0);
  const magnitude = Math.abs(value);
  if (magnitude === 0) {
    return negative ? CLASS.negativeZero : CLASS.positiveZero;
  }
  if (magnitude === Infinity) {
    return negative ? CLASS.negativeInfinity : CLASS.positiveInfinity;
  }
  if (magnitude < format.smallestNormal) {
    return negative ? CLASS.negativeSubnormal : CLASS.positiveSubnormal;
  }
  return negative ? CLASS.negativeNormal : CLASS.positiveNormal;
}
