import { OP } from "../../wasm/opcodes.ts";
import type { NumericOperation } from "./numeric.ts";

type Entry = readonly [opcode: number, operation: NumericOperation];

/** A format of numbers: from its bits, and back, rounded to nearest. */
type Format = {
  readonly name: "f32" | "f64";
  readonly number: (bits: bigint) => number;
  readonly bits: (number: number) => bigint;
};

const view = new DataView(new ArrayBuffer(8));

const F32: Format = {
  name: "f32",
  number: (bits) => {
    view.setUint32(0, Number(bits));
    return view.getFloat32(0);
  },
  bits: (number) => {
    view.setFloat32(0, number);
    return BigInt(view.getUint32(0));
  },
};

const F64: Format = {
  name: "f64",
  number: (bits) => {
    view.setBigUint64(0, bits);
    return view.getFloat64(0);
  },
  bits: (number) => {
    view.setFloat64(0, number);
    return view.getBigUint64(0);
  },
};

/** Rounding twice, to f64 and then to f32, is rounding once: f64 has more than twice f32's bits. */
function arithmetic({ name, number, bits }: Format): readonly Entry[] {
  const binary =
    (operation: (a: number, b: number) => number): NumericOperation =>
    (a, b) =>
      bits(operation(number(a), number(b)));
  return [
    [OP[`${name}Add`], binary((a, b) => a + b)],
    [OP[`${name}Sub`], binary((a, b) => a - b)],
    [OP[`${name}Mul`], binary((a, b) => a * b)],
    [OP[`${name}Div`], binary((a, b) => a / b)],
    [OP[`${name}Min`], binary(Math.min)],
    [OP[`${name}Max`], binary(Math.max)],
    [OP[`${name}Sqrt`], (a) => bits(Math.sqrt(number(a)))],
  ];
}

function comparisons({ name, number }: Format): readonly Entry[] {
  const comparison =
    (holds: (a: number, b: number) => boolean): NumericOperation =>
    (a, b) =>
      holds(number(a), number(b)) ? 1n : 0n;
  return [
    [OP[`${name}Eq`], comparison((a, b) => a === b)],
    [OP[`${name}Ne`], comparison((a, b) => a !== b)],
    [OP[`${name}Lt`], comparison((a, b) => a < b)],
    [OP[`${name}Gt`], comparison((a, b) => a > b)],
    [OP[`${name}Le`], comparison((a, b) => a <= b)],
    [OP[`${name}Ge`], comparison((a, b) => a >= b)],
  ];
}

/** To f32 by way of an odd-rounded f64, so that nothing is rounded twice. */
function single64(value: bigint): bigint {
  const magnitude = value < 0n ? -value : value;
  const excess = BigInt(Math.max(0, magnitude.toString(2).length - 50));
  const kept = magnitude >> excess;
  const odd = kept << excess === magnitude ? kept : kept | 1n;
  return F32.bits(Number(odd << excess) * (value < 0n ? -1 : 1));
}

/** To the nearest integral number, halves to even. From 2^52 on all are integral. */
function roundToEven(value: number): number {
  if (!(Math.abs(value) < 2 ** 52)) return value;
  const shifter = value < 0 || Object.is(value, -0) ? -(2 ** 52) : 2 ** 52;
  const integral = value + shifter - shifter;
  return integral === 0 ? 0 * shifter : integral;
}

const CONVERSIONS: readonly Entry[] = [
  [OP.f64ConvertI32S, (a) => F64.bits(Number(BigInt.asIntN(32, a)))],
  [OP.f64ConvertI32U, (a) => F64.bits(Number(a))],
  [OP.f64ConvertI64S, (a) => F64.bits(Number(BigInt.asIntN(64, a)))],
  [OP.f64ConvertI64U, (a) => F64.bits(Number(a))],
  [OP.f32ConvertI32S, (a) => F32.bits(Number(BigInt.asIntN(32, a)))],
  [OP.f32ConvertI32U, (a) => F32.bits(Number(a))],
  [OP.f32ConvertI64S, (a) => single64(BigInt.asIntN(64, a))],
  [OP.f32ConvertI64U, (a) => single64(a)],
  [OP.f32DemoteF64, (a) => F32.bits(F64.number(a))],
  [OP.f64PromoteF32, (a) => F64.bits(F32.number(a))],
  [OP.f64Ceil, (a) => F64.bits(Math.ceil(F64.number(a)))],
  [OP.f64Floor, (a) => F64.bits(Math.floor(F64.number(a)))],
  [OP.f64Trunc, (a) => F64.bits(Math.trunc(F64.number(a)))],
  [OP.f64Nearest, (a) => F64.bits(roundToEven(F64.number(a)))],
  [OP.f64Abs, (a) => a & 0x7fff_ffff_ffff_ffffn],
  [OP.f64Neg, (a) => a ^ 0x8000_0000_0000_0000n],
  [OP.i32ReinterpretF32, (a) => a],
  [OP.i64ReinterpretF64, (a) => a],
  [OP.f32ReinterpretI32, (a) => a],
  [OP.f64ReinterpretI64, (a) => a],
];

/** WebAssembly's floating-point instructions, by opcode; all NaNs are one (WebAssembly Core Specification 2.0, chapter 4.3.3). */
export const NUMERIC_FLOAT: readonly Entry[] = [
  ...[F32, F64].flatMap((format) => [...arithmetic(format), ...comparisons(format)]),
  ...CONVERSIONS,
];
