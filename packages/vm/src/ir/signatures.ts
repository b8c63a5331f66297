import { OP, TYPE, type ValueType } from "../wasm/opcodes.ts";

/** Types of a numeric instruction: of its one or two operands, and of its result. */
export type Signature = { readonly operand: ValueType; readonly count: 1 | 2; readonly result: ValueType };

const { i32, i64, f32, f64 } = TYPE;
const unary = (operand: ValueType, result: ValueType = operand): Signature => ({ operand, count: 1, result });
const binary = (operand: ValueType, result: ValueType = operand): Signature => ({ operand, count: 2, result });

/** Ranges of opcodes (both ends included) that have one signature: WebAssembly Core Specification 2.0, chapter 5.4.7. */
const RANGES: readonly (readonly [number, number, Signature])[] = [
  [OP.i32Eqz, OP.i32Eqz, unary(i32)],
  [OP.i32Eq, OP.i32GeU, binary(i32)],
  [OP.i64Eqz, OP.i64Eqz, unary(i64, i32)],
  [OP.i64Eq, OP.i64GeU, binary(i64, i32)],
  [OP.f32Eq, OP.f32Ge, binary(f32, i32)],
  [OP.f64Eq, OP.f64Ge, binary(f64, i32)],
  [OP.i32Clz, OP.i32Popcnt, unary(i32)],
  [OP.i32Add, OP.i32Rotr, binary(i32)],
  [OP.i64Clz, OP.i64Popcnt, unary(i64)],
  [OP.i64Add, OP.i64Rotr, binary(i64)],
  [OP.f32Sqrt, OP.f32Sqrt, unary(f32)],
  [OP.f32Add, OP.f32Max, binary(f32)],
  [OP.f64Abs, OP.f64Sqrt, unary(f64)],
  [OP.f64Add, OP.f64Max, binary(f64)],
  [OP.i32WrapI64, OP.i32WrapI64, unary(i64, i32)],
  [OP.i64ExtendI32S, OP.i64ExtendI32U, unary(i32, i64)],
  [OP.f32DemoteF64, OP.f32DemoteF64, unary(f64, f32)],
  [OP.f32ConvertI32S, OP.f32ConvertI32U, unary(i32, f32)],
  [OP.f32ConvertI64S, OP.f32ConvertI64U, unary(i64, f32)],
  [OP.f64ConvertI32S, OP.f64ConvertI32U, unary(i32, f64)],
  [OP.f64ConvertI64S, OP.f64ConvertI64U, unary(i64, f64)],
  [OP.f64PromoteF32, OP.f64PromoteF32, unary(f32, f64)],
  [OP.i32ReinterpretF32, OP.i32ReinterpretF32, unary(f32, i32)],
  [OP.i64ReinterpretF64, OP.i64ReinterpretF64, unary(f64, i64)],
  [OP.f32ReinterpretI32, OP.f32ReinterpretI32, unary(i32, f32)],
  [OP.f64ReinterpretI64, OP.f64ReinterpretI64, unary(i64, f64)],
  [OP.i32Extend8S, OP.i32Extend16S, unary(i32)],
  [OP.i64Extend8S, OP.i64Extend32S, unary(i64)],
];

const SIGNATURES: readonly (Signature | undefined)[] = Array.from(
  { length: 256 },
  (_, opcode) => RANGES.find(([first, last]) => opcode >= first && opcode <= last)?.[2],
);

/** The types of a numeric instruction; undefined for what is none, or what the IR does not use. */
export function signatureOf(opcode: number): Signature | undefined {
  return SIGNATURES[opcode];
}

/** Result of a load. */
export function loadType(opcode: number): ValueType {
  return opcode === OP.i64Load || (opcode >= OP.i64Load8S && opcode <= OP.i64Load32U) ? i64 : i32;
}

const SIZES: ReadonlyMap<number, 1 | 2 | 4 | 8> = new Map([
  [OP.i32Load8S, 1],
  [OP.i32Load8U, 1],
  [OP.i64Load8S, 1],
  [OP.i64Load8U, 1],
  [OP.i32Store8, 1],
  [OP.i64Store8, 1],
  [OP.i32Load16S, 2],
  [OP.i32Load16U, 2],
  [OP.i64Load16S, 2],
  [OP.i64Load16U, 2],
  [OP.i32Store16, 2],
  [OP.i64Store16, 2],
  [OP.i32Load, 4],
  [OP.i64Load32S, 4],
  [OP.i64Load32U, 4],
  [OP.i32Store, 4],
  [OP.i64Store32, 4],
]);

/** Bytes that a load or store moves. */
export function accessSize(opcode: number): 1 | 2 | 4 | 8 {
  return SIZES.get(opcode) ?? 8;
}
