/** Operands that hurt, by fast-check: zeros, subnormals, limits, NaNs, neighbours of powers of two, halves, near over- and underflow. */
import * as fc from "fast-check";
import { FLOAT } from "../operations.ts";
import type { RawOperands } from "./reference.ts";

/** How a format is laid out. */
type Layout = { readonly fractionBits: number; readonly bias: number; readonly bits: number };

const SINGLE_LAYOUT: Layout = { fractionBits: 23, bias: 127, bits: 32 };
const DOUBLE_LAYOUT: Layout = { fractionBits: 52, bias: 1023, bits: 64 };

function pattern(layout: Layout, parts: { negative: boolean; exponent: number; fraction: bigint }): bigint {
  const sign = parts.negative ? 1n << BigInt(layout.bits - 1) : 0n;
  return (
    sign | (BigInt(parts.exponent) << BigInt(layout.fractionBits)) | BigInt.asUintN(layout.fractionBits, parts.fraction)
  );
}

/** Few bits at the top, few at the bottom, all ones but a few, or anything. */
function fractions(layout: Layout): fc.Arbitrary<bigint> {
  const small = fc.integer({ min: 0, max: 7 }).map(BigInt);
  const place = fc.integer({ min: 0, max: layout.fractionBits }).map(BigInt);
  const any = fc.bigInt({ min: 0n, max: (1n << BigInt(layout.fractionBits)) - 1n });
  return fc.oneof(
    small,
    small.map((low) => -low),
    small.map((high) => high << BigInt(layout.fractionBits - 3)),
    fc.tuple(small, place).map(([low, high]) => low + (1n << high)),
    fc.tuple(small, place).map(([low, high]) => (1n << high) - low),
    any,
    fc.tuple(any, place).map(([bits, cleared]) => (bits >> cleared) << cleared),
  );
}

/** Exponents: zeros and subnormals, infinities and NaN, near 1, near the limits and their roots, integers' widths, anything. */
function exponents({ bias, fractionBits }: Layout): fc.Arbitrary<number> {
  const near = (centre: number, distance: number): fc.Arbitrary<number> =>
    fc.integer({ min: Math.max(0, centre - distance), max: Math.min(2 * bias + 1, centre + distance) });
  return fc.oneof(
    fc.constantFrom(0, 0, 1, 2 * bias + 1, 2 * bias),
    { weight: 3, arbitrary: near(bias, 4) },
    near(bias, fractionBits + 3),
    near(bias + fractionBits, 3),
    near(bias + 31, 3),
    near(bias + 63, 3),
    near(bias >> 1, 4),
    near((bias * 3) >> 1, 4),
    near(0, fractionBits),
    near(2 * bias, 4),
    near(bias - 126, 26),
    near(bias + 127, 2),
    near(bias, bias),
  );
}

function floats(layout: Layout): fc.Arbitrary<bigint> {
  return fc
    .record({ negative: fc.boolean(), exponent: exponents(layout), fraction: fractions(layout) })
    .map((parts) => pattern(layout, parts));
}

const BOXED = 0xffff_ffff_0000_0000n;
const doubles = floats(DOUBLE_LAYOUT);
const singles = fc.oneof(
  { weight: 30, arbitrary: floats(SINGLE_LAYOUT).map((bits) => BOXED | bits) },
  { weight: 1, arbitrary: doubles },
);
/** Leading bit, and one some 24 or 53 places below: what lies half-way between two numbers, or just beside. */
const halves = fc
  .tuple(fc.integer({ min: 24, max: 63 }), fc.constantFrom(23, 24, 52, 53), fc.integer({ min: -2, max: 2 }))
  .map(
    ([leading, below, beside]) => (1n << BigInt(leading)) + ((1n << BigInt(leading)) >> BigInt(below)) + BigInt(beside),
  );
const integers = fc
  .oneof(halves, fractions({ fractionBits: 64, bias: 0, bits: 64 }), fractions(DOUBLE_LAYOUT))
  .map((bits) => BigInt.asUintN(64, bits));

/** Both zeros and infinities, NaN of both kinds, 1 and its predecessor, the smallest normal number. */
function specials({ bias, fractionBits }: Layout): fc.Arbitrary<bigint> {
  const unit = 1n << BigInt(fractionBits);
  const infinity = BigInt(2 * bias + 1) * unit;
  const one = BigInt(bias) * unit;
  const positive = fc.constantFrom(
    0n,
    0n,
    infinity,
    infinity,
    infinity + 1n,
    infinity + unit / 2n,
    one,
    one - 1n,
    unit,
  );
  return fc.tuple(positive, fc.boolean()).map(([bits, negative]) => (negative ? bits + infinity + unit : bits));
}

/** An operand, or a neighbour of an earlier one, or of its negative: sums that cancel. */
function related(arbitrary: fc.Arbitrary<bigint>, signBit: bigint): fc.Arbitrary<(earlier: bigint) => bigint> {
  const step = fc.constantFrom(-1n, 0n, 0n, 1n, 2n);
  return fc.oneof(
    { weight: 3, arbitrary: arbitrary.map((bits) => () => bits) },
    { weight: 1, arbitrary: step.map((by) => (earlier: bigint) => BigInt.asUintN(64, earlier + by)) },
    { weight: 1, arbitrary: step.map((by) => (earlier: bigint) => BigInt.asUintN(64, (earlier ^ signBit) + by)) },
  );
}

/** Near minus the product of the first two: fused sums that cancel. */
function nearProduct(a: bigint, b: bigint, isDouble: boolean): bigint {
  const view = new DataView(new ArrayBuffer(16));
  view.setBigUint64(0, a);
  view.setBigUint64(8, b);
  if (isDouble) {
    view.setFloat64(0, -view.getFloat64(0) * view.getFloat64(8));
    return view.getBigUint64(0);
  }
  view.setFloat32(4, -view.getFloat32(4) * view.getFloat32(12));
  return BOXED | BigInt(view.getUint32(4));
}

function triples(arbitrary: fc.Arbitrary<bigint>, isDouble: boolean): fc.Arbitrary<RawOperands> {
  const signBit = 1n << (isDouble ? 63n : 31n);
  const special = specials(isDouble ? DOUBLE_LAYOUT : SINGLE_LAYOUT).map((bits) => (isDouble ? bits : BOXED | bits));
  const ordinary = fc
    .tuple(arbitrary, related(arbitrary, signBit), related(arbitrary, signBit), fc.integer({ min: 0, max: 3 }))
    .map(([a, second, third, cancels]): RawOperands => {
      const b = second(a);
      return [a, b, third(cancels === 0 ? nearProduct(a, b, isDouble) : b)];
    });
  return fc.oneof({ weight: 5, arbitrary: ordinary }, { weight: 1, arbitrary: fc.tuple(special, special, special) });
}

const singleTriples = triples(singles, false);
const doubleTriples = triples(doubles, true);
const integerTriples = integers.map((value): RawOperands => [value, 0n, 0n]);

/** Operands for an operation of FLOAT. */
export function operandsOf(operation: number): fc.Arbitrary<RawOperands> {
  const kind = operation & 31;
  if (kind >= FLOAT.wToS && kind <= FLOAT.luToS) {
    return integerTriples;
  }
  const isDouble = operation >= 32 ? operation !== FLOAT.sToD : operation === FLOAT.dToS;
  return isDouble ? doubleTriples : singleTriples;
}
