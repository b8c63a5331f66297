/** Comparisons, minimum and maximum: exact, and without rounding mode. */
import { STATE } from "../memory/layout.ts";
import { FLOAT_FLAG, type FloatFormat } from "./format.ts";
import { FLOAT } from "./operations.ts";
import { isSignalling, raiseFlags, readFloat, writeFloat, writeInteger } from "./operands.ts";

// Copies: the host folds a module's own constants into its code, but looks imported ones up at each use.
const { value: VALUE, value2: VALUE_2 } = STATE;
const { invalid: INVALID } = FLOAT_FLAG;
const { min, eq, lt } = FLOAT;

/** feq, flt and fle. @param kind eq, lt or le */
export function compare(state: DataView, kind: number, format: FloatFormat): void {
  const a = readFloat(state, VALUE, format);
  const b = readFloat(state, VALUE_2, format);
  if (Number.isNaN(a) || Number.isNaN(b)) {
    signalUnordered(state, kind !== eq || anySignalling(state, format));
  }
  writeInteger(state, 0, isRelated(kind, a, b) ? 1 : 0);
}

function isRelated(kind: number, a: number, b: number): boolean {
  if (kind === eq) {
    return a === b;
  }
  return kind === lt ? a < b : a <= b;
}

/** fmin and fmax: IEEE 754-2019's minimumNumber and maximumNumber (9.6). @param kind min or max */
export function selectExtreme(state: DataView, kind: number, format: FloatFormat): void {
  const a = readFloat(state, VALUE, format);
  const b = readFloat(state, VALUE_2, format);
  if (Number.isNaN(a) || Number.isNaN(b)) {
    signalUnordered(state, anySignalling(state, format));
    writeFloat(state, Number.isNaN(a) ? b : a, format);
    return;
  }
  // The host's order too has -0 below +0.
  writeFloat(state, kind === min ? Math.min(a, b) : Math.max(a, b), format);
}

function signalUnordered(state: DataView, invalid: boolean): void {
  if (invalid) {
    raiseFlags(state, INVALID);
  }
}

function anySignalling(state: DataView, format: FloatFormat): boolean {
  return isSignalling(state, VALUE, format) || isSignalling(state, VALUE_2, format);
}
