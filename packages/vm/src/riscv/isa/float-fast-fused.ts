/** Fused multiplication and addition on WebAssembly's arithmetic: see float-fast.ts. */
import type { Value } from "../../ir/block.ts";
import type { IrBuilder, Operands } from "../../ir/port.ts";
import { OP } from "../../wasm/opcodes.ts";
import { all, type FastPathOf, isNearest, isNormal } from "./float-fast.ts";
import { HOST_DOUBLE, type HostFormat } from "./float-host.ts";
import { placed } from "./semantics.ts";

/** Which signs make an instruction's operands those of factor * factor + addend. */
export type FusedSigns = { readonly negatesProduct: boolean; readonly negatesAddend: boolean };

/** Operands as f64, with those signs. */
type Terms = readonly [a: Value, b: Value, c: Value];

function termsOf(builder: IrBuilder, host: HostFormat, signs: FusedSigns, { rs1, rs2, rs3 }: Operands): Terms {
  const signed = (register: number, isNegated: boolean): Value => {
    const number = host.wide(builder, register);
    return isNegated ? builder.op(OP.f64Neg, number) : number;
  };
  return [signed(rs1, signs.negatesProduct), host.wide(builder, rs2), signed(rs3, signs.negatesAddend)];
}

/**
 * Fused operations on f16 and f32. In f64 the product is exact and the sum rounded; rounding it again is as good as rounding once, unless
 * the sum is half-way between two numbers: what made it so may have been on either side.
 */
export function fastFusedNarrow(signs: FusedSigns): FastPathOf {
  return (host) => (builder, operands) => {
    const { rs1, rs2, rs3 } = operands;
    const [a, b, c] = termsOf(builder, host, signs, operands);
    const sum = builder.op(OP.f64Add, builder.op(OP.f64Mul, a, b), c);
    const computed = host.computed(builder, host.narrow(builder, sum));
    const mask = builder.op(OP.i64Sub, placed(builder, 1, host.lostBits), builder.constant(1));
    const lost = builder.op(OP.i64And, builder.op(OP.i64ReinterpretF64, sum), mask);
    const holds = [
      builder.op(OP.i64Ne, lost, placed(builder, 1, host.lostBits - 1)),
      isNormal(builder, host, computed),
      ...host.isReadable(builder, rs1, rs2, rs3),
      isNearest(builder),
    ];
    return { holds: all(builder, holds), result: computed.bits };
  };
}

/** A result rounded to nearest, and what that left away, exactly. Sources: float/error-free.ts. */
type ErrorFree = { readonly head: Value; readonly tail: Value };

/** Knuth's sum. */
function twoSum(builder: IrBuilder, a: Value, b: Value): ErrorFree {
  const head = builder.op(OP.f64Add, a, b);
  const fromB = builder.op(OP.f64Sub, head, a);
  const lostA = builder.op(OP.f64Sub, a, builder.op(OP.f64Sub, head, fromB));
  return { head, tail: builder.op(OP.f64Add, lostA, builder.op(OP.f64Sub, b, fromB)) };
}

/** 2^27 + 1 as an f64, in halves. */
const SPLITTER = { low: 0x0200_0000, high: 0x41a0_0000 } as const;

/** Veltkamp's splitting: the upper 26 bits, and the rest. */
function split(builder: IrBuilder, value: Value): readonly [upper: Value, lower: Value] {
  const splitter = builder.op(OP.f64ReinterpretI64, builder.constant(SPLITTER.low, SPLITTER.high));
  const shifted = builder.op(OP.f64Mul, splitter, value);
  const upper = builder.op(OP.f64Sub, shifted, builder.op(OP.f64Sub, shifted, value));
  return [upper, builder.op(OP.f64Sub, value, upper)];
}

/** Dekker's product. */
function twoProduct(builder: IrBuilder, a: Value, b: Value): ErrorFree {
  const head = builder.op(OP.f64Mul, a, b);
  const [[upperA, lowerA], [upperB, lowerB]] = [split(builder, a), split(builder, b)];
  const parts = [
    [upperA, lowerB],
    [lowerA, upperB],
    [lowerA, lowerB],
  ] as const;
  const start = builder.op(OP.f64Sub, builder.op(OP.f64Mul, upperA, upperB), head);
  const tail = parts.reduce((sum, [x, y]) => builder.op(OP.f64Add, sum, builder.op(OP.f64Mul, x, y)), start);
  return { head, tail };
}

/** Head + tail rounded to odd: where that is not exact, an even head's bits go one up or down, as the tail's sign against its own says. */
function roundToOdd(builder: IrBuilder, { head, tail }: ErrorFree): Value {
  const [bits, tailBits] = [head, tail].map((value) => builder.op(OP.i64ReinterpretF64, value)) as [Value, Value];
  const isInexact = builder.op(OP.i64ExtendI32U, builder.op(OP.f64Ne, tail, double(builder, 0, 0)));
  const isChanged = builder.op(OP.i64And, isInexact, builder.op(OP.i64Xor, bits, builder.constant(-1)));
  const signs = builder.op(OP.i64ShrS, builder.op(OP.i64Xor, bits, tailBits), builder.constant(63));
  const step = builder.op(OP.i64Mul, builder.op(OP.i64Or, signs, builder.constant(1)), isChanged);
  return builder.op(OP.f64ReinterpretI64, builder.op(OP.i64Add, bits, step));
}

function double(builder: IrBuilder, low: number, high: number): Value {
  return builder.op(OP.f64ReinterpretI64, builder.constant(low, high));
}

/** 2 to a power, as an f64. @param exponent -1022 to 1023 */
function powerOfTwo(builder: IrBuilder, exponent: number): Value {
  return double(builder, 0, (1023 + exponent) << 20);
}

/** a * b + c, rounded once, by Boldo and Melquiond's algorithm: see `sumOfThree` in float/exact.ts. */
function fuse(builder: IrBuilder, [a, b, c]: Terms): Value {
  const product = twoProduct(builder, a, b);
  const small = twoSum(builder, c, product.tail);
  const large = twoSum(builder, product.head, small.head);
  const rest = roundToOdd(builder, twoSum(builder, large.tail, small.tail));
  return builder.op(OP.f64Add, large.head, rest);
}

/**
 * Exponents within which `fuse` is exact: nothing overflows below these bounds on factors and addend. A product above 2^-900 has an exact
 * tail; one below is too small to move a result above 2^-840 from the addend, whatever its tail.
 */
const EXPONENT = { factor: 490, addend: 980, result: -840 } as const;

/** Fused operations on f64. */
export function fastFusedDouble(signs: FusedSigns): FastPathOf {
  return (host) => (builder, operands) => {
    const terms = termsOf(builder, host, signs, operands);
    const head = fuse(builder, terms);
    const bounds = [EXPONENT.factor, EXPONENT.factor, EXPONENT.addend] as const;
    const isBelow = terms.map((term, index) =>
      builder.op(OP.f64Lt, builder.op(OP.f64Abs, term), powerOfTwo(builder, bounds[index] ?? 0)),
    );
    const isAbove = builder.op(OP.f64Gt, builder.op(OP.f64Abs, head), powerOfTwo(builder, EXPONENT.result));
    return {
      holds: all(builder, [...isBelow, isAbove, isNearest(builder)]),
      result: HOST_DOUBLE.computed(builder, head).bits,
    };
  };
}
