/** Operands that hurt, by fast-check: zeros, subnormals, limits, NaNs, neighbours of powers of two, halves, near over- and underflow. */
import * as fc from "fast-check";
import { exactNumber } from "../exact.ts";
import { DOUBLE, type FloatFormat, HALF, ROUNDING, SINGLE } from "../format.ts";
import { toHalfBits, fromHalfBits } from "../half.ts";
import { FLOAT } from "../operations.ts";
import { roundExact } from "../round.ts";
import { kindOf, sourceOf } from "./operations.ts";
import type { RawOperands } from "./reference.ts";

/** How a format is laid out. */
type Layout = { readonly fractionBits: number; readonly bias: number; readonly bits: number };

const SINGLE_LAYOUT: Layout = { fractionBits: 23, bias: 127, bits: 32 };
const DOUBLE_LAYOUT: Layout = { fractionBits: 52, bias: 1023, bits: 64 };
const HALF_LAYOUT: Layout = { fractionBits: 10, bias: 15, bits: 16 };

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
  const within = (exponent: number): number => Math.max(0, Math.min(2 * bias + 1, exponent));
  const near = (centre: number, distance: number): fc.Arbitrary<number> =>
    fc.integer({ min: within(centre - distance), max: within(centre + distance) });
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
    near(bias - 14, 12),
    near(bias + 15, 2),
    near(bias, bias),
  );
}

function floats(layout: Layout): fc.Arbitrary<bigint> {
  return fc
    .record({ negative: fc.boolean(), exponent: exponents(layout), fraction: fractions(layout) })
    .map((parts) => pattern(layout, parts));
}

/** A format's numbers in registers. */
type Registers = {
  readonly layout: Layout;
  /** The number in a register that is boxed rightly, and the register for a number of the host's. */
  readonly read: (raw: bigint) => number;
  readonly write: (value: number) => bigint;
};

const view = new DataView(new ArrayBuffer(8));

function boxed(bits: bigint, layout: Layout): bigint {
  return BigInt.asUintN(64, bits | (-1n << BigInt(layout.bits)));
}

function toHalf(value: number): bigint {
  const exact = exactNumber(value);
  const rounded = typeof exact === "number" ? exact : roundExact(exact, HALF, ROUNDING.nearestEven).value;
  return BigInt(Number.isNaN(rounded) ? 0x7e00 : toHalfBits(rounded));
}

const REGISTERS: ReadonlyMap<FloatFormat, Registers> = new Map([
  [
    SINGLE,
    {
      layout: SINGLE_LAYOUT,
      read: (raw) => {
        view.setUint32(0, Number(BigInt.asUintN(32, raw)));
        return view.getFloat32(0);
      },
      write: (value) => {
        view.setFloat32(0, value);
        return boxed(BigInt(view.getUint32(0)), SINGLE_LAYOUT);
      },
    },
  ],
  [
    DOUBLE,
    {
      layout: DOUBLE_LAYOUT,
      read: (raw) => {
        view.setBigUint64(0, raw);
        return view.getFloat64(0);
      },
      write: (value) => {
        view.setFloat64(0, value);
        return view.getBigUint64(0);
      },
    },
  ],
  [
    HALF,
    {
      layout: HALF_LAYOUT,
      read: (raw) => fromHalfBits(Number(BigInt.asUintN(16, raw))),
      write: (value) => boxed(toHalf(value), HALF_LAYOUT),
    },
  ],
]);

const doubles = floats(DOUBLE_LAYOUT);

/** Numbers of a format, boxed; now and then not. */
function numbersOf(layout: Layout): fc.Arbitrary<bigint> {
  if (layout === DOUBLE_LAYOUT) return doubles;
  const singles = floats(SINGLE_LAYOUT).map((bits) => boxed(bits, SINGLE_LAYOUT));
  return fc.oneof(
    { weight: 30, arbitrary: floats(layout).map((bits) => boxed(bits, layout)) },
    { weight: 1, arbitrary: layout === HALF_LAYOUT ? fc.oneof(doubles, singles) : doubles },
  );
}

/** Leading bit, and one some 11, 24 or 53 places below: what lies half-way between two numbers, or just beside. */
const halves = fc
  .tuple(fc.integer({ min: 10, max: 63 }), fc.constantFrom(10, 11, 23, 24, 52, 53), fc.integer({ min: -2, max: 2 }))
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

function triples({ layout, read, write }: Registers): fc.Arbitrary<RawOperands> {
  const arbitrary = numbersOf(layout);
  const signBit = 1n << BigInt(layout.bits - 1);
  const special = specials(layout).map((bits) => boxed(bits, layout));
  const ordinary = fc
    .tuple(arbitrary, related(arbitrary, signBit), related(arbitrary, signBit), fc.integer({ min: 0, max: 3 }))
    .map(([a, second, third, cancels]): RawOperands => {
      const b = second(a);
      // Near minus the product of the first two: fused sums that cancel.
      return [a, b, third(cancels === 0 ? write(-read(a) * read(b)) : b)];
    });
  return fc.oneof({ weight: 5, arbitrary: ordinary }, { weight: 1, arbitrary: fc.tuple(special, special, special) });
}

const TRIPLES = new Map([...REGISTERS].map(([format, registers]) => [format, triples(registers)]));
const integerTriples = integers.map((value): RawOperands => [value, 0n, 0n]);

/** Operands for an operation, as `operationOf` gives it. */
export function operandsOf(operation: number): fc.Arbitrary<RawOperands> {
  const kind = kindOf(operation);
  const numbers = TRIPLES.get(sourceOf(operation));
  return numbers === undefined || (kind >= FLOAT.fromW && kind <= FLOAT.fromLu) ? integerTriples : numbers;
}
