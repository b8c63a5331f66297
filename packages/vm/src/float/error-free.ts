/**
 * Error-free transformations: what a host's operation, rounded to nearest, left away, as a number of its own. With it the exact result
 * is known without wide integers. Sources: T. J. Dekker, "A floating-point technique for extending the available precision" (1971);
 * D. E. Knuth, TAOCP 2, 4.2.2; S. Boldo and G. Melquiond, "Emulation of FMA and correctly rounded sums" (2008).
 */

const LOWEST_POWER = -1074;
const POWERS_OF_TWO = tabulatePowers();
const scratch = new DataView(new ArrayBuffer(8));

/** Made by doubling, because `2 ** n` need not be exact. */
function tabulatePowers(): DataView {
  const table = new DataView(new ArrayBuffer((1023 - LOWEST_POWER + 1) * 8));
  let power = Number.MIN_VALUE;
  for (let offset = 0; offset < table.byteLength; offset += 8) {
    table.setFloat64(offset, power, true);
    power *= 2;
  }
  return table;
}

/** 2 to a power, exactly. @param exponent -1074 to 1023 */
export function powerOfTwo(exponent: number): number {
  return POWERS_OF_TWO.getFloat64((exponent - LOWEST_POWER) * 8, true);
}

/** The exponent of the leading bit: |value| is at least 2 to it, and below the next power. @param value finite, not 0 */
export function exponentOf(value: number): number {
  scratch.setFloat64(0, value, true);
  const biased = (scratch.getUint32(4, true) >>> 20) & 0x7ff;
  return biased === 0 ? exponentOf(value * 2 ** 54) - 54 : biased - 1023;
}

/**
 * TwoSum: a + b - sum, exactly.
 * @param sum `a + b`, no nearer than a factor of 2 to overflow
 */
export function sumError(a: number, b: number, sum: number): number {
  const fromB = sum - a;
  return a - (sum - fromB) + (b - fromB);
}

/** Veltkamp's splitting: the upper 26 bits. @param value below 2^996 in magnitude */
function upperHalf(value: number): number {
  const shifted = 134217729 * value;
  return shifted - (shifted - value);
}

/**
 * Dekker's product: a * b - product, exactly.
 * @param product `a * b`, at least 2^-960 in magnitude; all three below 2^990
 */
export function productError(a: number, b: number, product: number): number {
  const upperA = upperHalf(a);
  const lowerA = a - upperA;
  const upperB = upperHalf(b);
  const lowerB = b - upperB;
  return upperA * upperB - product + upperA * lowerB + lowerA * upperB + lowerA * lowerB;
}

/**
 * Rounds head + tail to odd: a number that is inexact ends in a one bit, so that rounding it again to fewer bits, or adding it to
 * something much larger, rounds as the exact value would.
 * @param head the sum rounded to nearest
 * @param tail what that left away
 */
export function roundToOdd(head: number, tail: number): number {
  if (tail === 0) {
    return head;
  }
  scratch.setFloat64(0, head, true);
  const low = scratch.getUint32(0, true);
  if ((low & 1) !== 0) {
    return head;
  }
  if (tail > 0 === head > 0) {
    scratch.setUint32(0, low + 1, true);
  } else {
    scratch.setUint32(0, low - 1, true);
    scratch.setUint32(4, scratch.getUint32(4, true) - (low === 0 ? 1 : 0), true);
  }
  return scratch.getFloat64(0, true);
}
