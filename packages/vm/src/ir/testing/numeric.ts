import { OP } from "../../wasm/opcodes.ts";
import { NUMERIC_FLOAT } from "./numeric-float.ts";

/** A numeric instruction of WebAssembly, on its operands' bits as unsigned numbers. */
export type NumericOperation = (a: bigint, b: bigint) => bigint;

type Entry = readonly [opcode: number, operation: NumericOperation];

const bit = (condition: boolean): bigint => (condition ? 1n : 0n);

function countWhile(bits: number, from: (index: number) => number, value: bigint): bigint {
  for (let index = 0; index < bits; index++) {
    if (((value >> BigInt(from(index))) & 1n) === 1n) return BigInt(index);
  }
  return BigInt(bits);
}

function comparisons(type: "i32" | "i64", bits: number): readonly Entry[] {
  const signed = (value: bigint): bigint => BigInt.asIntN(bits, value);
  return [
    [OP[`${type}Eqz`], (a) => bit(a === 0n)],
    [OP[`${type}Eq`], (a, b) => bit(a === b)],
    [OP[`${type}Ne`], (a, b) => bit(a !== b)],
    [OP[`${type}LtS`], (a, b) => bit(signed(a) < signed(b))],
    [OP[`${type}LtU`], (a, b) => bit(a < b)],
    [OP[`${type}GtS`], (a, b) => bit(signed(a) > signed(b))],
    [OP[`${type}GtU`], (a, b) => bit(a > b)],
    [OP[`${type}LeS`], (a, b) => bit(signed(a) <= signed(b))],
    [OP[`${type}LeU`], (a, b) => bit(a <= b)],
    [OP[`${type}GeS`], (a, b) => bit(signed(a) >= signed(b))],
    [OP[`${type}GeU`], (a, b) => bit(a >= b)],
  ];
}

function counts(type: "i32" | "i64", bits: number): readonly Entry[] {
  return [
    [OP[`${type}Clz`], (a) => countWhile(bits, (index) => bits - 1 - index, a)],
    [OP[`${type}Ctz`], (a) => countWhile(bits, (index) => index, a)],
    [OP[`${type}Popcnt`], (a) => BigInt(a.toString(2).replaceAll("0", "").length)],
  ];
}

function shifts(type: "i32" | "i64", bits: number): readonly Entry[] {
  const wrap = (value: bigint): bigint => BigInt.asUintN(bits, value);
  const width = BigInt(bits);
  const left = (a: bigint, b: bigint): bigint => wrap(a << (b % width));
  return [
    [OP[`${type}Shl`], left],
    [OP[`${type}ShrS`], (a, b) => wrap(BigInt.asIntN(bits, a) >> (b % width))],
    [OP[`${type}ShrU`], (a, b) => a >> (b % width)],
    [OP[`${type}Rotl`], (a, b) => left(a, b) | (a >> (width - (b % width)))],
    [OP[`${type}Rotr`], (a, b) => left(a, width - (b % width)) | (a >> (b % width))],
  ];
}

/** Division throws where WebAssembly's traps: BigInt's does for zero, and an overflow is found here. */
function signedQuotient(bits: number, a: bigint, b: bigint): bigint {
  const quotient = BigInt.asIntN(bits, a) / BigInt.asIntN(bits, b);
  if (BigInt.asIntN(bits, quotient) !== quotient) throw new RangeError("Division overflows.");
  return BigInt.asUintN(bits, quotient);
}

function arithmetic(type: "i32" | "i64", bits: number): readonly Entry[] {
  const wrap = (value: bigint): bigint => BigInt.asUintN(bits, value);
  const signed = (value: bigint): bigint => BigInt.asIntN(bits, value);
  return [
    [OP[`${type}Add`], (a, b) => wrap(a + b)],
    [OP[`${type}Sub`], (a, b) => wrap(a - b)],
    [OP[`${type}Mul`], (a, b) => wrap(a * b)],
    [OP[`${type}DivS`], (a, b) => signedQuotient(bits, a, b)],
    [OP[`${type}DivU`], (a, b) => a / b],
    [OP[`${type}RemS`], (a, b) => wrap(signed(a) % signed(b))],
    [OP[`${type}RemU`], (a, b) => a % b],
    [OP[`${type}And`], (a, b) => a & b],
    [OP[`${type}Or`], (a, b) => a | b],
    [OP[`${type}Xor`], (a, b) => a ^ b],
  ];
}

/** The lower `from` bits, sign-extended to `to` bits. */
function extension(from: number, to: number): NumericOperation {
  return (a) => BigInt.asUintN(to, BigInt.asIntN(from, a));
}

const EXTENSIONS: readonly Entry[] = [
  [OP.i32WrapI64, (a) => BigInt.asUintN(32, a)],
  [OP.i64ExtendI32U, (a) => a],
  [OP.i64ExtendI32S, extension(32, 64)],
  [OP.i32Extend8S, extension(8, 32)],
  [OP.i32Extend16S, extension(16, 32)],
  [OP.i64Extend8S, extension(8, 64)],
  [OP.i64Extend16S, extension(16, 64)],
  [OP.i64Extend32S, extension(32, 64)],
];

/** WebAssembly's instructions on BigInt, by opcode (WebAssembly Core Specification 2.0, chapter 4.3.2). */
export const NUMERIC: ReadonlyMap<number, NumericOperation> = new Map([
  ...[comparisons, counts, shifts, arithmetic].flatMap((make) => [...make("i32", 32), ...make("i64", 64)]),
  ...EXTENSIONS,
  ...NUMERIC_FLOAT,
]);
