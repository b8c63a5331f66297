/** Operands and results of a floating-point operation in the hart's state. */
import { STATE } from "../memory/layout.ts";
import { DOUBLE, FLOAT_FLAG, type FloatFormat } from "./format.ts";
import { FLOAT } from "./operations.ts";

// Copies: the host folds a module's own constants into its code, but looks imported ones up at each use.
const { value: VALUE, floatFlags: FLAGS } = STATE;
const { invalid: INVALID } = FLOAT_FLAG;
const { msubS, nmsubS, nmaddS } = FLOAT;

/** Upper half of a register that holds an f32. RISC-V unprivileged specification, "NaN Boxing of Narrower Values". */
const BOX = 0xffff_ffff;
const CANONICAL_NAN_SINGLE = 0x7fc0_0000;
const CANONICAL_NAN_DOUBLE_HIGH = 0x7ff8_0000;

/** Reads an operand. @param offset of its field in the state @returns NaN for an f32 that is not boxed */
export function readFloat(state: DataView, offset: number, format: FloatFormat): number {
  if (format === DOUBLE) {
    return state.getFloat64(offset, true);
  }
  return state.getUint32(offset + 4, true) === BOX ? state.getFloat32(offset, true) : NaN;
}

/** Bits of an f32 operand: the canonical NaN where it is not boxed. */
export function readSingleBits(state: DataView, offset: number): number {
  return state.getUint32(offset + 4, true) === BOX ? state.getUint32(offset, true) : CANONICAL_NAN_SINGLE;
}

/** True for a signalling NaN. Asks the bits: as a number, a NaN may have lost them. */
export function isSignalling(state: DataView, offset: number, format: FloatFormat): boolean {
  if (format === DOUBLE) {
    const high = state.getUint32(offset + 4, true);
    return (high & 0x7ff8_0000) === 0x7ff0_0000 && ((high & 0x7_ffff) | state.getUint32(offset, true)) !== 0;
  }
  const bits = readSingleBits(state, offset);
  return (bits & 0x7fc0_0000) === 0x7f80_0000 && (bits & 0x3f_ffff) !== 0;
}

/** The first factor of a fused operation with the sign that makes it a * b + c. @param kind maddS to nmaddS */
export function fusedFactor(kind: number, a: number): number {
  return kind === nmsubS || kind === nmaddS ? -a : a;
}

/** The addend of a fused operation, likewise. */
export function fusedAddend(kind: number, c: number): number {
  return kind === msubS || kind === nmaddS ? -c : c;
}

/** Writes a result, NaN as the canonical one. @param value a number of the format */
export function writeFloat(state: DataView, value: number, format: FloatFormat): void {
  if (format === DOUBLE) {
    state.setFloat64(VALUE, value, true);
  } else {
    state.setFloat32(VALUE, value, true);
    state.setUint32(VALUE + 4, BOX, true);
  }
  if (Number.isNaN(value)) {
    writeNaN(state, format);
  }
}

/** The host's NaN has whichever bits it likes. */
function writeNaN(state: DataView, format: FloatFormat): void {
  if (format === DOUBLE) {
    writeInteger(state, CANONICAL_NAN_DOUBLE_HIGH, 0);
  } else {
    writeInteger(state, BOX, CANONICAL_NAN_SINGLE);
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
