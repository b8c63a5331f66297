/** Operands and results of a floating-point operation in the hart's state. */
import { STATE } from "../memory/layout.ts";
import { DOUBLE, FLOAT_FLAG, type FloatFormat, SINGLE } from "./format.ts";
import { toHalfBits, fromHalfBits } from "./half.ts";
import { FLOAT } from "./operations.ts";

// Copies: the host folds a module's own constants into its code, but looks imported ones up at each use.
const { value: VALUE, floatFlags: FLAGS } = STATE;
const { invalid: INVALID } = FLOAT_FLAG;
const { msub, nmsub, nmadd } = FLOAT;

/** Upper half of a register that holds an f16 or f32. RISC-V unprivileged specification, "NaN Boxing of Narrower Values". */
const BOX = 0xffff_ffff;
/** What stands above an f16 in the lower half. */
const HALF_BOX = 0xffff_0000;
const CANONICAL_NAN_HALF = 0x7e00;
const CANONICAL_NAN_SINGLE = 0x7fc0_0000;
const CANONICAL_NAN_DOUBLE_HIGH = 0x7ff8_0000;

/** Reads an operand. @param offset of its field in the state @returns NaN for an f16 or f32 that is not boxed */
export function readFloat(state: DataView, offset: number, format: FloatFormat): number {
  if (format === DOUBLE) {
    return state.getFloat64(offset, true);
  }
  if (format === SINGLE) {
    return state.getUint32(offset + 4, true) === BOX ? state.getFloat32(offset, true) : NaN;
  }
  return fromHalfBits(readHalfBits(state, offset));
}

/** Bits of an f32 operand: the canonical NaN where it is not boxed. */
function readSingleBits(state: DataView, offset: number): number {
  return state.getUint32(offset + 4, true) === BOX ? state.getUint32(offset, true) : CANONICAL_NAN_SINGLE;
}

/** Bits of an f16 operand, likewise. */
function readHalfBits(state: DataView, offset: number): number {
  const isBoxed = state.getUint32(offset + 4, true) === BOX && state.getUint16(offset + 2, true) === 0xffff;
  return isBoxed ? state.getUint16(offset, true) : CANONICAL_NAN_HALF;
}

/** True for a signalling NaN. Asks the bits: as a number, a NaN may have lost them. */
export function isSignalling(state: DataView, offset: number, format: FloatFormat): boolean {
  if (format === DOUBLE) {
    const high = state.getUint32(offset + 4, true);
    return (high & 0x7ff8_0000) === 0x7ff0_0000 && ((high & 0x7_ffff) | state.getUint32(offset, true)) !== 0;
  }
  if (format === SINGLE) {
    const bits = readSingleBits(state, offset);
    return (bits & 0x7fc0_0000) === 0x7f80_0000 && (bits & 0x3f_ffff) !== 0;
  }
  const bits = readHalfBits(state, offset);
  return (bits & 0x7e00) === 0x7c00 && (bits & 0x1ff) !== 0;
}

/** The first factor of a fused operation with the sign that makes it a * b + c. @param kind madd to nmadd */
export function fusedFactor(kind: number, a: number): number {
  return kind === nmsub || kind === nmadd ? -a : a;
}

/** The addend of a fused operation, likewise. */
export function fusedAddend(kind: number, c: number): number {
  return kind === msub || kind === nmadd ? -c : c;
}

/** Writes a result, NaN as the canonical one. @param value a number of the format */
export function writeFloat(state: DataView, value: number, format: FloatFormat): void {
  if (Number.isNaN(value)) {
    writeNaN(state, format);
  } else if (format === DOUBLE) {
    state.setFloat64(VALUE, value, true);
  } else if (format === SINGLE) {
    state.setFloat32(VALUE, value, true);
    state.setUint32(VALUE + 4, BOX, true);
  } else {
    writeInteger(state, BOX, HALF_BOX | toHalfBits(value));
  }
}

/** The host's NaN has whichever bits it likes. */
function writeNaN(state: DataView, format: FloatFormat): void {
  if (format === DOUBLE) {
    writeInteger(state, CANONICAL_NAN_DOUBLE_HIGH, 0);
  } else {
    writeInteger(state, BOX, format === SINGLE ? CANONICAL_NAN_SINGLE : HALF_BOX | CANONICAL_NAN_HALF);
  }
}

/** Writes a result of 64 bits. @param high taken modulo 2^32 @param low taken modulo 2^32 */
export function writeInteger(state: DataView, high: number, low: number): void {
  state.setUint32(VALUE, low, true);
  state.setUint32(VALUE + 4, high, true);
}

/** Adds to fflags. @param flags of FLOAT_FLAG */
export function raiseFlags(state: DataView, flags: number): void {
  state.setUint32(FLAGS, state.getUint32(FLAGS, true) | flags, true);
}

/** Writes the result of an invalid operation. */
export function writeInvalid(state: DataView, format: FloatFormat): void {
  raiseFlags(state, INVALID);
  writeNaN(state, format);
}
