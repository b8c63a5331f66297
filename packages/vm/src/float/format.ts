/**
 * The binary formats of the F, D and Zfh extensions, their rounding modes and their flags. All are worked on as numbers of the host,
 * which hold every f16, f32 and f64 exactly.
 */

/** The accrued exceptions as they lie in fflags. RISC-V unprivileged specification, "Floating-Point Control and Status Register". */
export const FLOAT_FLAG = { inexact: 1, underflow: 2, overflow: 4, divideByZero: 8, invalid: 16 } as const;

/** The rounding modes as they lie in frm and in an instruction's rm field: RNE, RTZ, RDN, RUP, RMM, DYN. Same section. */
export const ROUNDING = { nearestEven: 0, towardZero: 1, down: 2, up: 3, nearestAway: 4, dynamic: 7 } as const;

/** A binary interchange format. IEEE 754-2019, table 3.5. */
export type FloatFormat = {
  /** As instructions name it in their field `fmt`. RISC-V unprivileged specification, table "Format field encoding". */
  readonly code: 0 | 1 | 2;
  /** Bits of the significand, the hidden one included. */
  readonly precision: number;
  /** Exponent of the smallest normal number. */
  readonly minimumExponent: number;
  /** Exponent of the largest finite number. */
  readonly maximumExponent: number;
  readonly smallestNormal: number;
  readonly largest: number;
};

/** binary32, the F extension's. */
export const SINGLE: FloatFormat = {
  code: 0,
  precision: 24,
  minimumExponent: -126,
  maximumExponent: 127,
  smallestNormal: 1.1754943508222875e-38,
  largest: 3.4028234663852886e38,
};

/** binary64, the D extension's. */
export const DOUBLE: FloatFormat = {
  code: 1,
  precision: 53,
  minimumExponent: -1022,
  maximumExponent: 1023,
  smallestNormal: 2.2250738585072014e-308,
  largest: Number.MAX_VALUE,
};

/** binary16, the Zfh extension's. */
export const HALF: FloatFormat = {
  code: 2,
  precision: 11,
  minimumExponent: -14,
  maximumExponent: 15,
  smallestNormal: 2 ** -14,
  largest: 65_504,
};

/** The formats by their codes. */
export const FLOAT_FORMATS: readonly [single: FloatFormat, double: FloatFormat, half: FloatFormat] = [
  SINGLE,
  DOUBLE,
  HALF,
];
