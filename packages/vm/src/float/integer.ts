/** Conversions between floating point and integers. Integers of 64 bits are pairs of halves, both exact as numbers of the host. */
import { STATE } from "../memory/layout.ts";
import { sumError } from "./error-free.ts";
import { exactNumber } from "./exact.ts";
import { FLOAT_FLAG, ROUNDING, SINGLE } from "./format.ts";
import { FLOAT } from "./operations.ts";
import { raiseFlags, readFloat, writeFloat, writeInteger } from "./operands.ts";
import { deliver, type Target } from "./soft.ts";

const WORD = 2 ** 32;

/** An integer type: all from `least` on, below `limit`. Both are numbers of the host. */
type IntegerRange = { readonly least: number; readonly limit: number };

const RANGE_W: IntegerRange = { least: -(2 ** 31), limit: 2 ** 31 };
const RANGE_WU: IntegerRange = { least: 0, limit: 2 ** 32 };
const RANGE_L: IntegerRange = { least: -(2 ** 63), limit: 2 ** 63 };
const RANGE_LU: IntegerRange = { least: 0, limit: 2 ** 64 };

function rangeOf(kind: number): IntegerRange {
  switch (kind) {
    case FLOAT.sToW:
      return RANGE_W;
    case FLOAT.sToWu:
      return RANGE_WU;
    case FLOAT.sToL:
      return RANGE_L;
    default:
      return RANGE_LU;
  }
}

/** Rounds to an integral number. NaN and infinities stay. @param rounding of ROUNDING, but not dynamic */
function roundToIntegral(value: number, rounding: number): number {
  switch (rounding) {
    case ROUNDING.nearestEven:
      return roundHalf(value, false);
    case ROUNDING.nearestAway:
      return roundHalf(value, true);
    case ROUNDING.down:
      return Math.floor(value);
    case ROUNDING.up:
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
 * @param kind sToW to sToLu: FLOAT's number without the format
 */
export function convertToInteger(state: DataView, kind: number, target: Target): void {
  const value = readFloat(state, STATE.value, target.format);
  const { least, limit } = rangeOf(kind);
  const integral = roundToIntegral(value, target.rounding);
  if (integral >= least && integral < limit) {
    raiseFlags(state, integral === value ? 0 : FLOAT_FLAG.inexact);
    writeIntegral(state, integral, limit <= WORD);
    return;
  }
  raiseFlags(state, FLOAT_FLAG.invalid);
  writeSaturated(state, kind, integral < least);
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
  const narrow = kind === FLOAT.sToW || kind === FLOAT.sToWu;
  if (kind === FLOAT.sToWu || kind === FLOAT.sToLu) {
    writeInteger(state, below ? 0 : -1, below ? 0 : -1);
  } else if (narrow) {
    writeInteger(state, below ? -1 : 0, below ? 0x8000_0000 : 0x7fff_ffff);
  } else {
    writeInteger(state, below ? 0x8000_0000 : 0x7fff_ffff, below ? 0 : -1);
  }
}

/** Upper half of an integer operand, as a number. */
function upperOf(state: DataView, kind: number): number {
  switch (kind) {
    case FLOAT.lToS:
      return state.getInt32(STATE.value + 4, true);
    case FLOAT.luToS:
      return state.getUint32(STATE.value + 4, true);
    default:
      return 0;
  }
}

/** From an integer. @param kind wToS to luToS: FLOAT's number without the format */
export function convertFromInteger(state: DataView, kind: number, target: Target): void {
  const upper = upperOf(state, kind) * WORD;
  const lower = kind === FLOAT.wToS ? state.getInt32(STATE.value, true) : state.getUint32(STATE.value, true);
  const head = upper + lower;
  const tail = sumError(upper, lower, head);
  if (tail === 0) {
    deliverNarrowed(state, head, target);
  } else {
    deliver(state, { head, tail, scale: 0 }, target);
  }
}

/** A number that is an f64 already. */
function deliverNarrowed(state: DataView, value: number, target: Target): void {
  const exact = target.format !== SINGLE || Math.fround(value) === value;
  if (exact) {
    writeFloat(state, value, target.format);
  } else {
    deliver(state, exactNumber(value), target);
  }
}
