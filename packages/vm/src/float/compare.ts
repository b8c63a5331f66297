/** Comparisons, minimum and maximum, and classes: exact, and without rounding mode. */
import { STATE } from "../memory/layout.ts";
import { FLOAT_FLAG, type FloatFormat } from "./format.ts";
import { FLOAT } from "./operations.ts";
import { isSignalling, raiseFlags, readFloat, writeFloat, writeInteger } from "./operands.ts";

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

/** fmin to fclass. @param kind minS to classS: FLOAT's number without the format */
export function compareOrClassify(state: DataView, kind: number, format: FloatFormat): void {
  const a = readFloat(state, STATE.value, format);
  if (kind === FLOAT.classS) {
    writeInteger(state, 0, Number.isNaN(a) ? classOfNaN(state, format) : classOf(a, format));
    return;
  }
  const b = readFloat(state, STATE.value2, format);
  const unordered = Number.isNaN(a) || Number.isNaN(b);
  if (unordered && (kind === FLOAT.ltS || kind === FLOAT.leS || anySignalling(state, format))) {
    raiseFlags(state, FLOAT_FLAG.invalid);
  }
  if (kind === FLOAT.minS || kind === FLOAT.maxS) {
    writeFloat(state, unordered ? theNumber(a, b) : extreme(kind, a, b), format);
  } else {
    writeInteger(state, 0, isRelated(kind, a, b) ? 1 : 0);
  }
}

function anySignalling(state: DataView, format: FloatFormat): boolean {
  return isSignalling(state, STATE.value, format) || isSignalling(state, STATE.value2, format);
}

/** minimumNumber and maximumNumber deliver the operand that is a number. IEEE 754-2019, 9.6. */
function theNumber(a: number, b: number): number {
  return Number.isNaN(a) ? b : a;
}

/** The host's order too has -0 below +0. */
function extreme(kind: number, a: number, b: number): number {
  return kind === FLOAT.minS ? Math.min(a, b) : Math.max(a, b);
}

function isRelated(kind: number, a: number, b: number): boolean {
  if (kind === FLOAT.eqS) {
    return a === b;
  }
  return kind === FLOAT.ltS ? a < b : a <= b;
}

function classOfNaN(state: DataView, format: FloatFormat): number {
  return isSignalling(state, STATE.value, format) ? CLASS.signallingNaN : CLASS.quietNaN;
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
