import type { Value } from "../../ir/block.ts";
import type { IrBuilder } from "../../ir/port.ts";
import { OP } from "../../wasm/opcodes.ts";
import type { FormatName } from "./format.ts";
import { encoding, type Extension, type Fields, type Instruction } from "./instruction.ts";
import {
  chosen,
  ofImmediate,
  ofRegister,
  ofRegisters,
  type Operation,
  type UnaryOperation,
  whole,
  word,
  zeroExtendWord,
} from "./semantics.ts";

type Row = { readonly name: string; readonly fields: Fields };

function row(extension: Extension, format: FormatName, { name, fields }: Row): Omit<Instruction, "semantics"> {
  return { name, extension, format, flow: "next", ...encoding(fields) };
}

const of = (name: string, fields: Fields): Row => ({ name, fields });

function registers(extension: Extension, instruction: Row, operation: Operation): Instruction {
  return { ...row(extension, "R", instruction), semantics: ofRegisters(operation) };
}

function amount(extension: Extension, instruction: Row, operation: Operation): Instruction {
  return { ...row(extension, "shift", instruction), semantics: ofImmediate(operation) };
}

function unary(instruction: Row, operation: UnaryOperation): Instruction {
  return { ...row("Zbb", "unary", instruction), semantics: ofRegister(operation) };
}

/** (a << shift) + b. */
function shiftedSum(shift: number): Operation {
  return (builder, a, b) => builder.op(OP.i64Add, builder.op(OP.i64Shl, a, builder.constant(shift)), b);
}

/** An operation whose first operand is the lower half, zero-extended. */
function ofUnsignedWord(operation: Operation): Operation {
  return (builder, a, b) => operation(builder, zeroExtendWord(builder, a), b);
}

/** Zba: "Address generation instructions". */
const ADDRESSES: readonly Instruction[] = [
  registers("Zba", of("sh1add", { opcode: 0x33, funct7: 0x10, funct3: 2 }), shiftedSum(1)),
  registers("Zba", of("sh2add", { opcode: 0x33, funct7: 0x10, funct3: 4 }), shiftedSum(2)),
  registers("Zba", of("sh3add", { opcode: 0x33, funct7: 0x10, funct3: 6 }), shiftedSum(3)),
  registers("Zba", of("add.uw", { opcode: 0x3b, funct7: 0x04, funct3: 0 }), ofUnsignedWord(whole(OP.i64Add))),
  registers("Zba", of("sh1add.uw", { opcode: 0x3b, funct7: 0x10, funct3: 2 }), ofUnsignedWord(shiftedSum(1))),
  registers("Zba", of("sh2add.uw", { opcode: 0x3b, funct7: 0x10, funct3: 4 }), ofUnsignedWord(shiftedSum(2))),
  registers("Zba", of("sh3add.uw", { opcode: 0x3b, funct7: 0x10, funct3: 6 }), ofUnsignedWord(shiftedSum(3))),
  amount("Zba", of("slli.uw", { opcode: 0x1b, funct6: 0x02, funct3: 1 }), ofUnsignedWord(whole(OP.i64Shl))),
];

function not(builder: IrBuilder, value: Value): Value {
  return builder.op(OP.i64Xor, value, builder.constant(-1));
}

/** An operation whose second operand is inverted. */
function withInverse(opcode: number): Operation {
  return (builder, a, b) => builder.op(opcode, a, not(builder, b));
}

function counted(opcode: number): UnaryOperation {
  return (builder, a) => builder.op(opcode, a);
}

function countedInWord(opcode: number): UnaryOperation {
  return (builder, a) => builder.op(OP.i64ExtendI32U, builder.op(opcode, builder.op(OP.i32WrapI64, a)));
}

/** Each byte that is not 0 becomes 255: its upper bit says that it is not, and 255 times that bit fills the byte. */
const combineBytes: UnaryOperation = (builder, a) => {
  const lower = builder.constant(0x7f7f_7f7f, 0x7f7f_7f7f);
  const highest = builder.constant(0x8080_8080 | 0, 0x8080_8080 | 0);
  const carried = builder.op(OP.i64Add, builder.op(OP.i64And, a, lower), lower);
  const upper = builder.op(OP.i64And, highest, builder.op(OP.i64Or, carried, a));
  return builder.op(OP.i64Mul, builder.op(OP.i64ShrU, upper, builder.constant(7)), builder.constant(0xff, 0));
};

/** Swaps neighbouring groups of `bits`, of which `mask` selects the lower ones in each half. */
export function swapGroups(builder: IrBuilder, value: Value, bits: number, mask: number): Value {
  const [distance, lower] = [builder.constant(bits), builder.constant(mask, mask)];
  const down = builder.op(OP.i64And, builder.op(OP.i64ShrU, value, distance), lower);
  const up = builder.op(OP.i64Shl, builder.op(OP.i64And, value, lower), distance);
  return builder.op(OP.i64Or, down, up);
}

const reverseBytes: UnaryOperation = (builder, a) => {
  const halves = builder.op(OP.i64Rotl, a, builder.constant(32));
  return swapGroups(builder, swapGroups(builder, halves, 16, 0x0000_ffff), 8, 0x00ff_00ff);
};

/** Zbb: "Basic bit-manipulation". */
const BASIC: readonly Instruction[] = [
  registers("Zbb", of("andn", { opcode: 0x33, funct7: 0x20, funct3: 7 }), withInverse(OP.i64And)),
  registers("Zbb", of("orn", { opcode: 0x33, funct7: 0x20, funct3: 6 }), withInverse(OP.i64Or)),
  registers("Zbb", of("xnor", { opcode: 0x33, funct7: 0x20, funct3: 4 }), withInverse(OP.i64Xor)),
  registers("Zbb", of("min", { opcode: 0x33, funct7: 0x05, funct3: 4 }), chosen(OP.i64LtS)),
  registers("Zbb", of("minu", { opcode: 0x33, funct7: 0x05, funct3: 5 }), chosen(OP.i64LtU)),
  registers("Zbb", of("max", { opcode: 0x33, funct7: 0x05, funct3: 6 }), chosen(OP.i64GtS)),
  registers("Zbb", of("maxu", { opcode: 0x33, funct7: 0x05, funct3: 7 }), chosen(OP.i64GtU)),
  registers("Zbb", of("rol", { opcode: 0x33, funct7: 0x30, funct3: 1 }), whole(OP.i64Rotl)),
  registers("Zbb", of("ror", { opcode: 0x33, funct7: 0x30, funct3: 5 }), whole(OP.i64Rotr)),
  amount("Zbb", of("rori", { opcode: 0x13, funct6: 0x18, funct3: 5 }), whole(OP.i64Rotr)),
  registers("Zbb", of("rolw", { opcode: 0x3b, funct7: 0x30, funct3: 1 }), word(OP.i32Rotl)),
  registers("Zbb", of("rorw", { opcode: 0x3b, funct7: 0x30, funct3: 5 }), word(OP.i32Rotr)),
  amount("Zbb", of("roriw", { opcode: 0x1b, funct7: 0x30, funct3: 5 }), word(OP.i32Rotr)),
  unary(of("clz", { opcode: 0x13, funct7: 0x30, rs2: 0, funct3: 1 }), counted(OP.i64Clz)),
  unary(of("ctz", { opcode: 0x13, funct7: 0x30, rs2: 1, funct3: 1 }), counted(OP.i64Ctz)),
  unary(of("cpop", { opcode: 0x13, funct7: 0x30, rs2: 2, funct3: 1 }), counted(OP.i64Popcnt)),
  unary(of("clzw", { opcode: 0x1b, funct7: 0x30, rs2: 0, funct3: 1 }), countedInWord(OP.i32Clz)),
  unary(of("ctzw", { opcode: 0x1b, funct7: 0x30, rs2: 1, funct3: 1 }), countedInWord(OP.i32Ctz)),
  unary(of("cpopw", { opcode: 0x1b, funct7: 0x30, rs2: 2, funct3: 1 }), countedInWord(OP.i32Popcnt)),
  unary(of("sext.b", { opcode: 0x13, funct7: 0x30, rs2: 4, funct3: 1 }), counted(OP.i64Extend8S)),
  unary(of("sext.h", { opcode: 0x13, funct7: 0x30, rs2: 5, funct3: 1 }), counted(OP.i64Extend16S)),
  unary(of("zext.h", { opcode: 0x3b, funct7: 0x04, rs2: 0, funct3: 4 }), (builder, a) =>
    builder.op(OP.i64And, a, builder.constant(0xffff)),
  ),
  unary(of("orc.b", { opcode: 0x13, funct7: 0x14, rs2: 7, funct3: 5 }), combineBytes),
  unary(of("rev8", { opcode: 0x13, funct7: 0x35, rs2: 24, funct3: 5 }), reverseBytes),
];

/** One bit of a value. */
function oneBit(builder: IrBuilder, index: Value): Value {
  return builder.op(OP.i64Shl, builder.constant(1), index);
}

const clearBit: Operation = (builder, a, b) => builder.op(OP.i64And, a, not(builder, oneBit(builder, b)));
const invertBit: Operation = (builder, a, b) => builder.op(OP.i64Xor, a, oneBit(builder, b));
const setBit: Operation = (builder, a, b) => builder.op(OP.i64Or, a, oneBit(builder, b));
const extractBit: Operation = (builder, a, b) =>
  builder.op(OP.i64And, builder.op(OP.i64ShrU, a, b), builder.constant(1));

/** Name, funct6 and funct3, meaning. */
const SINGLE_BITS: readonly (readonly [name: string, funct6: number, funct3: number, operation: Operation])[] = [
  ["bclr", 0x12, 1, clearBit],
  ["bext", 0x12, 5, extractBit],
  ["binv", 0x1a, 1, invertBit],
  ["bset", 0x0a, 1, setBit],
];

/** Zbs: "Single-bit instructions". */
const BITS: readonly Instruction[] = SINGLE_BITS.flatMap(([name, funct6, funct3, operation]) => [
  registers("Zbs", of(name, { opcode: 0x33, funct7: funct6 << 1, funct3 }), operation),
  amount("Zbs", of(`${name}i`, { opcode: 0x13, funct6, funct3 }), operation),
]);

/** The extensions for bit manipulation, version 1.0.0. */
export const BIT_MANIPULATION: readonly Instruction[] = [...ADDRESSES, ...BASIC, ...BITS];
