/** f16 as the host's numbers: hosts that know the format themselves are too new to ask. */
import { exponentOf, powerOfTwo } from "./error-free.ts";

const SIGN = 0x8000;
const INFINITY = 0x7c00;
const FRACTION_BITS = 10;
const HIDDEN_ONE = 1 << FRACTION_BITS;
const BIAS = 15;
/** Steps between subnormal numbers in 1. */
const STEPS = 2 ** (BIAS - 1 + FRACTION_BITS);

function magnitudeOf(exponent: number, fraction: number): number {
  if (exponent === INFINITY >> FRACTION_BITS) {
    return fraction === 0 ? Infinity : NaN;
  }
  if (exponent === 0) {
    return fraction / STEPS;
  }
  return (HIDDEN_ONE + fraction) * powerOfTwo(exponent - BIAS - FRACTION_BITS);
}

/** The number that the bits of an f16 stand for. @param bits 0 to 0xffff */
export function fromHalfBits(bits: number): number {
  const magnitude = magnitudeOf((bits & INFINITY) >> FRACTION_BITS, bits & (HIDDEN_ONE - 1));
  return (bits & SIGN) === 0 ? magnitude : -magnitude;
}

/** The bits of a number that is an f16, and not NaN. */
export function toHalfBits(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? SIGN : 0;
  const magnitude = Math.abs(value);
  if (magnitude === Infinity) {
    return sign | INFINITY;
  }
  if (magnitude * STEPS < HIDDEN_ONE) {
    return sign | (magnitude * STEPS);
  }
  const exponent = exponentOf(magnitude);
  // The hidden one adds itself to the exponent.
  const significand = magnitude * powerOfTwo(FRACTION_BITS - exponent);
  return sign | (((exponent + BIAS - 1) << FRACTION_BITS) + significand);
}
