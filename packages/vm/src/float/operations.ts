/**
 * Floating-point operations that generated code leaves to TypeScript. Operands are raw register contents (an f16 or f32 is NaN-boxed;
 * what is not boxed rightly counts as the canonical NaN), in STATE.value, value2 and value3; the result comes back in STATE.value, boxed
 * where it is an f16 or f32, sign-extended where it is a 32-bit integer. Flags are added to STATE.floatFlags.
 */
import type { FloatFormat } from "./format.ts";

/** What is done, whichever the format. */
export const FLOAT = {
  add: 0,
  sub: 1,
  mul: 2,
  div: 3,
  sqrt: 4,
  min: 5,
  max: 6,
  eq: 7,
  lt: 8,
  le: 9,
  /** value * value2 + value3, rounded once; then the three with signs changed, as the instruction set names them. */
  madd: 10,
  msub: 11,
  nmsub: 12,
  nmadd: 13,
  /** To integers, and from them. W is signed 32 bits, L 64; U is unsigned. */
  toW: 14,
  toWu: 15,
  toL: 16,
  toLu: 17,
  fromW: 18,
  fromWu: 19,
  fromL: 20,
  fromLu: 21,
  /** From another format. */
  fromSingle: 22,
  fromDouble: 23,
  fromHalf: 24,
} as const;

/** How an operation's number is made up: bits 0 to 4 of FLOAT, 5 and 6 the format's code, 8 to 10 the rounding mode, where it has one. */
export const OPERATION = { kindMask: 31, formatShift: 5, formatMask: 3, roundingShift: 8, roundingMask: 7 } as const;

/**
 * Number of an operation in a format, without rounding mode.
 * @param kind of FLOAT
 * @param format of the operands; of the result where a conversion has but that one
 */
export function operationOf(kind: number, format: FloatFormat): number {
  return kind | (format.code << OPERATION.formatShift);
}
