/**
 * Where the host's arithmetic is the guest's, bit for bit and flag for flag: the contract between this folder and code that is generated.
 *
 * Generated code may run the WebAssembly operation named here instead of calling `HartHelpers.float` where all of these hold; otherwise
 * it calls the helper, operands unchanged:
 * - `STATE.floatFast` is not 0: frm is RNE, and NX is set already;
 * - the instruction's rm is RNE or DYN;
 * - what stands above every f16 or f32 operand in its register is all ones, and so is that of such a result when it is written;
 * - the condition on the result holds.
 *
 * | instruction                    | WebAssembly              | condition                                                         |
 * | ------------------------------ | ------------------------ | ----------------------------------------------------------------- |
 * | fadd, fsub                     | add, sub                 | |result| < infinity: sums below the smallest normal are exact      |
 * | fmul, fdiv                     | mul, div                 | smallest normal < |result| < infinity                              |
 * | fsqrt                          | sqrt                     | |result| < infinity: roots neither over- nor underflow             |
 * | fmadd.s and its like           | f64.mul, f64.add, demote | smallest normal < |result| < infinity; the sum in f64 is not half-way between two f32 |
 * | fmadd.d and its like           | error-free mul and add   | |factors| < 2^490, |addend| < 2^980, |result| > 2^-840             |
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
 * fcvt to integers is `nearest`, `trunc`, `floor` or `ceil`, by the rm of the instruction (or frm where that is RNE), and RMM by an
 * addition and `trunc`; where NX is set already, the operand is below 2^51, and the integer is one of the target's. NaN and what is out of
 * range saturate otherwise than WebAssembly does. fclass is integer arithmetic, and never asks the helper.
 *
 * f16 is computed in f64, where sums and products are exact, and then rounded on its bits, which holds for f16's normal numbers alone: any
 * operation has the condition smallest normal < |result| < infinity there, and operands are finite.
 *
 * A result equal to the smallest normal number is left out, because it may have been tiny before it was rounded, with underflow to raise.
 */

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
