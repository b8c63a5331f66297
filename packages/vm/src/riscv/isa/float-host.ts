import type { Value } from "../../ir/block.ts";
import type { IrBuilder } from "../../ir/port.ts";
import { OP } from "../../wasm/opcodes.ts";

/** What the host has computed: bits for a register (i64), and the biased exponent (i32). */
export type Computed = { readonly bits: Value; readonly exponent: Value };

/** A format of numbers, as WebAssembly works on it. */
export type HostFormat = {
  /** Type of WebAssembly's that is computed in. */
  readonly name: "f32" | "f64";
  /** Biased exponent of infinities and NaNs. */
  readonly infiniteExponent: number;
  /** Biased exponent from which on `computed` is right: 0, or where zeros and subnormal numbers are left out. */
  readonly leastExponent: 0 | 2;
  /** Bits of a significand of f64's that this format does not have. */
  readonly lostBits: number;
  /** A register's number, of the type `name`; right where `isReadable` says so. */
  readonly number: (builder: IrBuilder, register: number) => Value;
  /** As `number`, as f64. */
  readonly wide: (builder: IrBuilder, register: number) => Value;
  /** Conditions (i32) of the registers for `number`: boxed rightly, and in f16 finite. */
  readonly isReadable: (builder: IrBuilder, ...registers: readonly number[]) => readonly Value[];
  /** A result of type `name` from one of type f64. */
  readonly narrow: (builder: IrBuilder, number: Value) => Value;
  /** A result for a register, from one of type `name`; rounded to nearest-even where that is wider. */
  readonly computed: (builder: IrBuilder, number: Value) => Computed;
};

function single(builder: IrBuilder, register: number): Value {
  return builder.op(OP.f32ReinterpretI32, builder.op(OP.i32WrapI64, builder.get(register)));
}

function double(builder: IrBuilder, register: number): Value {
  return builder.op(OP.f64ReinterpretI64, builder.get(register));
}

/** Registers whose upper bits are all ones ("NaN Boxing of Narrower Values"). @param low lower half of those ones */
function areBoxed(builder: IrBuilder, registers: readonly number[], low: number): Value {
  const common = registers.map((register) => builder.get(register)).reduce((a, b) => builder.op(OP.i64And, a, b));
  return builder.op(OP.i64GeU, common, builder.constant(low, -1));
}

/** f32, boxed in registers of 64 bits. */
export const HOST_SINGLE: HostFormat = {
  name: "f32",
  infiniteExponent: 0xff,
  leastExponent: 0,
  lostBits: 29,
  number: single,
  wide: (builder, register) => builder.op(OP.f64PromoteF32, single(builder, register)),
  isReadable: (builder, ...registers) => [areBoxed(builder, registers, 0)],
  narrow: (builder, number) => builder.op(OP.f32DemoteF64, number),
  computed: (builder, number) => {
    const bits = builder.op(OP.i32ReinterpretF32, number);
    const shifted = builder.op(OP.i32ShrU, bits, builder.constant32(23));
    return {
      bits: builder.op(OP.i64Or, builder.op(OP.i64ExtendI32U, bits), builder.constant(0, -1)),
      exponent: builder.op(OP.i32And, shifted, builder.constant32(0xff)),
    };
  },
};

/** f64. */
export const HOST_DOUBLE: HostFormat = {
  name: "f64",
  infiniteExponent: 0x7ff,
  leastExponent: 0,
  lostBits: 0,
  number: double,
  wide: double,
  isReadable: () => [],
  narrow: (_builder, number) => number,
  computed: (builder, number) => {
    const bits = builder.op(OP.i64ReinterpretF64, number);
    const shifted = builder.op(OP.i32WrapI64, builder.op(OP.i64ShrU, bits, builder.constant(52)));
    return { bits, exponent: builder.op(OP.i32And, shifted, builder.constant32(0x7ff)) };
  },
};

/** Places by which an f16's bits lie lower than an f64's. */
const HALF_SHIFT = 42;
/** Distance of the two formats' biases: 1023 - 15. Bits of 2 to it as an f64, upper half. */
const BIAS_DISTANCE = 1008;
const BIAS_FACTOR_HIGH = (1023 + BIAS_DISTANCE) << 20;

/** An f16's bits in an f64's places have the same value but for the bias, subnormal ones too: a product puts that right, exactly. */
function half(builder: IrBuilder, register: number): Value {
  const top = builder.op(OP.i64Shl, builder.get(register), builder.constant(48));
  const spread = builder.op(OP.i64ShrS, top, builder.constant(48 - HALF_SHIFT));
  const bits = builder.op(OP.i64And, spread, builder.constant(-1, 0x81ff_ffff | 0));
  const factor = builder.op(OP.f64ReinterpretI64, builder.constant(0, BIAS_FACTOR_HIGH));
  return builder.op(OP.f64Mul, builder.op(OP.f64ReinterpretI64, bits), factor);
}

function isFiniteHalf(builder: IrBuilder, register: number): Value {
  const infinity = builder.constant32(0x7c00);
  const exponent = builder.op(OP.i32And, builder.op(OP.i32WrapI64, builder.get(register)), infinity);
  return builder.op(OP.i32Ne, exponent, infinity);
}

/** Rounds an f64 to the places of an f16, on its bits: a half of the last place, less one where that is even, and what is below cut off. */
function roundToHalf(builder: IrBuilder, bits: Value): Value {
  const shift = builder.constant(HALF_SHIFT);
  const isOdd = builder.op(OP.i64And, builder.op(OP.i64ShrU, bits, shift), builder.constant(1));
  const almostHalf = builder.constant(-1, (1 << (HALF_SHIFT - 1 - 32)) - 1);
  return builder.op(OP.i64ShrU, builder.op(OP.i64Add, builder.op(OP.i64Add, bits, almostHalf), isOdd), shift);
}

/** f16, boxed in registers of 64 bits, computed in f64, which has more than twice its bits: rounding again is harmless. */
export const HOST_HALF: HostFormat = {
  name: "f64",
  infiniteExponent: 0x1f,
  leastExponent: 2,
  lostBits: HALF_SHIFT,
  number: half,
  wide: half,
  isReadable: (builder, ...registers) => [
    areBoxed(builder, registers, 0xffff_0000 | 0),
    ...registers.map((register) => isFiniteHalf(builder, register)),
  ],
  narrow: (_builder, number) => number,
  computed: (builder, number) => {
    const wide = builder.op(OP.i64ReinterpretF64, number);
    const rounded = roundToHalf(builder, wide);
    const rebiased = builder.op(OP.i64Sub, rounded, builder.constant(BIAS_DISTANCE << 10));
    const magnitude = builder.op(OP.i64And, rebiased, builder.constant(0x7fff));
    const sign = builder.op(OP.i64And, builder.op(OP.i64ShrU, wide, builder.constant(48)), builder.constant(0x8000));
    const shifted = builder.op(OP.i32WrapI64, builder.op(OP.i64ShrU, rounded, builder.constant(10)));
    const exponent = builder.op(OP.i32And, shifted, builder.constant32(0x7ff));
    return {
      bits: builder.op(OP.i64Or, builder.op(OP.i64Or, magnitude, sign), builder.constant(0xffff_0000 | 0, -1)),
      exponent: builder.op(OP.i32Sub, exponent, builder.constant32(BIAS_DISTANCE)),
    };
  },
};
