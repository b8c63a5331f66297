/**
 * Where the host's arithmetic is the guest's, bit for bit and flag for flag: the contract between this folder and code that is generated.
 *
 * Generated code may run the WebAssembly operation named here instead of calling `HartHelpers.float` where all of these hold; otherwise
 * it calls the helper, operands unchanged:
 * - `STATE.floatFast` is not 0: frm is RNE, and NX is set already;
 * - the instruction's rm is RNE or DYN;
 * - the upper half of every f32 operand's register is all ones, and so is that of an f32 result when it is written;
 * - the condition on the result holds.
 *
 * | instruction                    | WebAssembly              | condition                                                         |
 * | ------------------------------ | ------------------------ | ----------------------------------------------------------------- |
 * | fadd, fsub                     | add, sub                 | |result| < infinity: sums below the smallest normal are exact      |
 * | fmul, fdiv                     | mul, div                 | smallest normal < |result| < infinity                              |
 * | fsqrt                          | sqrt                     | |result| < infinity: roots neither over- nor underflow             |
 * | fcvt.s.d                       | f32.demote_f64           | smallest normal of f32 < |result| < infinity                       |
 * | fcvt.{s,d}.{l,lu}, fcvt.s.{w,wu} | f32/f64.convert_i64/32_{s,u} | none                                                      |
 *
 * These need neither floatFast nor a rounding mode, because they are exact:
 *
 * | instruction                    | WebAssembly              | condition                                                         |
 * | ------------------------------ | ------------------------ | ----------------------------------------------------------------- |
 * | feq, flt, fle                  | eq, lt, le               | neither operand is NaN                                            |
 * | fmin, fmax                     | min, max                 | neither operand is NaN                                            |
 * | fcvt.d.s                       | f64.promote_f32          | operand is no NaN                                                 |
 * | fcvt.d.{w,wu}                  | f64.convert_i32_{s,u}    | none                                                              |
 *
 * fcvt to integers with a static RTZ equals `trunc` where NX is set already and the truncated operand is in the target's range; NaN and
 * what is out of range saturate otherwise than WebAssembly does. Fused operations have no counterpart in WebAssembly.
 *
 * A result equal to the smallest normal number is left out, because it may have been tiny before it was rounded, with underflow to raise.
 */
import { DOUBLE, SINGLE } from "./format.ts";

/** Numbers and bits that generated code compares with. Bits of an f64: high and low half. */
export const FAST_PATH_LIMITS: {
  readonly single: { readonly smallestNormal: number; readonly infinityBits: number };
  readonly double: { readonly smallestNormal: number; readonly infinityHigh: number; readonly infinityLow: number };
} = {
  single: { smallestNormal: SINGLE.smallestNormal, infinityBits: 0x7f80_0000 },
  double: { smallestNormal: DOUBLE.smallestNormal, infinityHigh: 0x7ff0_0000, infinityLow: 0 },
};

/**
 * True where a result of the host is finite, and above a bound in magnitude.
 * @param above the smallest normal number of the format, or any negative number for none
 */
export function isSafeResult(result: number, above: number): boolean {
  const magnitude = Math.abs(result);
  return magnitude > above && magnitude < Infinity;
}

/** The conditions on results that the tables above name. */
export const floatHelperFastPath = {
  /** fadd, fsub, fsqrt. */
  finite: (result: number): boolean => isSafeResult(result, -1),
  /** fmul, fdiv, fcvt.s.d. @param smallestNormal of the result's format */
  normal: (result: number, smallestNormal: number): boolean => isSafeResult(result, smallestNormal),
} as const;
