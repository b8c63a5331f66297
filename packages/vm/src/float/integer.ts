/** Conversions between floating point and integers. Integers of 64 bits are pairs of halves, both exact as numbers of the host. */
import { STATE } from "../memory/layout.ts";
import { sumError } from "./error-free.ts";
import { exactNumber } from "./exact.ts";
import { DOUBLE, FLOAT_FLAG, ROUNDING, SINGLE, type FloatFormat } from "./format.ts";
import { FLOAT } from "./operations.ts";
import { raiseFlags, readFloat, writeFloat, writeInteger } from "./operands.ts";
import { deliver, type Target } from "./soft.ts";

// Copies: the host folds a module's own constants into its code, but looks imported ones up at each use.
const { value: VALUE } = STATE;
const { inexact: INEXACT, invalid: INVALID } = FLOAT_FLAG;
const { nearestEven: NEAREST_EVEN, nearestAway: NEAREST_AWAY, down: DOWN, up: UP } = ROUNDING;
const { toW, toWu, toL, toLu, fromL, fromLu, fromW } = FLOAT;

const WORD = 2 ** 32;

/** The least number of a conversion's integer type. */
function leastOf(kind: number): number {
  switch (kind) {
    case toW:
      return -(2 ** 31);
    case toL:
      return -(2 ** 63);
    default:
      return 0;
  }
}

/** What all numbers of a conversion's integer type are below: unlike the greatest of 64 bits, a number of the host. */
function limitOf(kind: number): number {
  switch (kind) {
    case toW:
      return 2 ** 31;
    case toWu:
      return 2 ** 32;
    case toL:
      return 2 ** 63;
    default:
      return 2 ** 64;
  }
}

/** Rounds to an integral number. NaN and infinities stay. @param rounding of ROUNDING, but not dynamic */
function roundToIntegral(value: number, rounding: number): number {
  switch (rounding) {
    case NEAREST_EVEN:
      return roundHalf(value, false);
    case NEAREST_AWAY:
      return roundHalf(value, true);
    case DOWN:
      return Math.floor(value);
    case UP:
      return Math.ceil(value);
    default:
      return Math.trunc(value);
  }
}

/** To the nearest. @param away where halves go: away from zero, else to even */
function roundHalf(value: number, away: boolean): number {
  const whole = Math.trunc(value);
  const fraction = Math.abs(value - whole);
  const up = fraction > 0.5 || (fraction === 0.5 && (away || whole % 2 !== 0));
  return up ? whole + Math.sign(value) : whole;
}

/**
 * To an integer: what is out of range, and NaN, saturates and is invalid. Results of 32 bits are sign-extended, unsigned ones too.
 * RISC-V unprivileged specification, "Single-Precision Floating-Point Conversion and Move Instructions".
 * @param kind toW to toLu
 * @param format of the operand
 * @param rounding of ROUNDING, but not dynamic
 */
export function convertToInteger(state: DataView, kind: number, format: FloatFormat, rounding: number): void {
  const value = readFloat(state, VALUE, format);
  const integral = roundToIntegral(value, rounding);
  if (integral >= leastOf(kind) && integral < limitOf(kind)) {
    raiseFlags(state, integral === value ? 0 : INEXACT);
    writeIntegral(state, integral, isNarrow(kind));
  } else {
    raiseFlags(state, INVALID);
    writeSaturated(state, kind, integral < 0);
  }
}

function isNarrow(kind: number): boolean {
  return kind <= toWu;
}

function writeIntegral(state: DataView, integral: number, narrow: boolean): void {
  if (narrow) {
    const low = integral | 0;
    writeInteger(state, low >> 31, low);
    return;
  }
  const high = Math.floor(integral / WORD);
  writeInteger(state, high, integral - high * WORD);
}

function writeSaturated(state: DataView, kind: number, below: boolean): void {
  if (kind === toWu || kind === toLu) {
    writeInteger(state, below ? 0 : -1, below ? 0 : -1);
  } else if (isNarrow(kind)) {
    writeInteger(state, below ? -1 : 0, below ? 0x8000_0000 : 0x7fff_ffff);
  } else {
    writeInteger(state, below ? 0x8000_0000 : 0x7fff_ffff, below ? 0 : -1);
  }
}

/** Upper half of an integer operand, as a number. */
function upperOf(state: DataView, kind: number): number {
  switch (kind) {
    case fromL:
      return state.getInt32(VALUE + 4, true);
    case fromLu:
      return state.getUint32(VALUE + 4, true);
    default:
      return 0;
  }
}

/** From an integer. @param kind fromW to fromLu */
export function convertFromInteger(state: DataView, kind: number, target: Target): void {
  const upper = upperOf(state, kind) * WORD;
  const lower = kind === fromW ? state.getInt32(VALUE, true) : state.getUint32(VALUE, true);
  const head = upper + lower;
  const tail = sumError(upper, lower, head);
  if (tail === 0) {
    deliverNarrowed(state, head, target);
  } else {
    deliver(state, { head, tail, scale: 0 }, target);
  }
}

/** A number that is an f64 already: where it is an f32, too, that shows at once. */
function deliverNarrowed(state: DataView, value: number, target: Target): void {
  const { format } = target;
  if (format === DOUBLE || (format === SINGLE && Math.fround(value) === value)) {
    writeFloat(state, value, format);
  } else {
    deliver(state, exactNumber(value), target);
  }
}
