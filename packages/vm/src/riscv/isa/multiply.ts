import type { Value } from "../../ir/block.ts";
import type { IrBuilder } from "../../ir/port.ts";
import { OP } from "../../wasm/opcodes.ts";
import { encoding, type Instruction } from "./instruction.ts";
import { ofRegisters, ofWords, type Operation, whole, word, zeroExtendWord } from "./semantics.ts";

/**
 * Upper 64 bits of a product, from four products of 32-bit halves. No partial sum overflows: each is one product of halves and
 * one half more. A shift right that is signed (`OP.i64ShrS`) makes its operand signed.
 */
function upperProduct(shiftA: number, shiftB: number): Operation {
  return (builder, a, b) => {
    const half = builder.constant(32);
    const [lowA, lowB] = [zeroExtendWord(builder, a), zeroExtendWord(builder, b)];
    const [highA, highB] = [builder.op(shiftA, a, half), builder.op(shiftB, b, half)];
    const lowest = builder.op(OP.i64ShrU, builder.op(OP.i64Mul, lowA, lowB), half);
    const first = builder.op(OP.i64Add, builder.op(OP.i64Mul, highA, lowB), lowest);
    const second = builder.op(OP.i64Add, builder.op(OP.i64Mul, lowA, highB), zeroExtendWord(builder, first));
    const carries = builder.op(OP.i64Add, builder.op(shiftA, first, half), builder.op(shiftB, second, half));
    return builder.op(OP.i64Add, builder.op(OP.i64Mul, highA, highB), carries);
  };
}

/** Instructions of one width of division. */
type Width = {
  readonly constant: (builder: IrBuilder, value: number) => Value;
  readonly isZero: number;
  readonly add: number;
  readonly subtract: number;
  readonly lessUnsigned: number;
};

const WHOLE: Width = {
  constant: (builder, value) => builder.constant(value),
  isZero: OP.i64Eqz,
  add: OP.i64Add,
  subtract: OP.i64Sub,
  lessUnsigned: OP.i64LtU,
};

const WORD: Width = {
  constant: (builder, value) => builder.constant32(value),
  isZero: OP.i32Eqz,
  add: OP.i32Add,
  subtract: OP.i32Sub,
  lessUnsigned: OP.i32LtU,
};

/** The divisor, or 1 in place of the two that can trap: 0 and -1. */
function safeDivisor(builder: IrBuilder, width: Width, divisor: Value): readonly [isSpecial: Value, divisor: Value] {
  const shifted = builder.op(width.add, divisor, width.constant(builder, 1));
  const isSpecial = builder.op(width.lessUnsigned, shifted, width.constant(builder, 2));
  return [isSpecial, builder.select(isSpecial, width.constant(builder, 1), divisor)];
}

/** By zero: -1. By -1: the dividend negated, which overflows to itself for the least number. */
function signedQuotient(width: Width, divide: number): Operation {
  return (builder, a, b) => {
    const [isSpecial, divisor] = safeDivisor(builder, width, b);
    const negated = builder.op(width.subtract, width.constant(builder, 0), a);
    const special = builder.select(builder.op(width.isZero, b), width.constant(builder, -1), negated);
    return builder.select(isSpecial, special, builder.op(divide, a, divisor));
  };
}

/** By zero: the dividend. By -1: 0, which is what 1 leaves too. */
function signedRemainder(width: Width, remainder: number): Operation {
  return (builder, a, b) => {
    const [, divisor] = safeDivisor(builder, width, b);
    return builder.select(builder.op(width.isZero, b), a, builder.op(remainder, a, divisor));
  };
}

/** By zero: all ones for the quotient, the dividend for the remainder. */
function unsignedDivision(width: Width, opcode: number, byZero: "ones" | "dividend"): Operation {
  return (builder, a, b) => {
    const isZero = builder.op(width.isZero, b);
    const divisor = builder.select(isZero, width.constant(builder, 1), b);
    const special = byZero === "ones" ? width.constant(builder, -1) : a;
    return builder.select(isZero, special, builder.op(opcode, a, divisor));
  };
}

function instruction(name: string, opcode: number, funct3: number, operation: Operation): Instruction {
  const fields = encoding({ opcode, funct3, funct7: 0x01 });
  return { name, extension: "M", format: "R", flow: "next", ...fields, semantics: ofRegisters(operation) };
}

/** "M" Extension for Integer Multiplication and Division. Division never traps: its table of special cases is "Semantics for division by zero and division overflow". */
export const MULTIPLY: readonly Instruction[] = [
  instruction("mul", 0x33, 0, whole(OP.i64Mul)),
  instruction("mulh", 0x33, 1, upperProduct(OP.i64ShrS, OP.i64ShrS)),
  instruction("mulhsu", 0x33, 2, upperProduct(OP.i64ShrS, OP.i64ShrU)),
  instruction("mulhu", 0x33, 3, upperProduct(OP.i64ShrU, OP.i64ShrU)),
  instruction("div", 0x33, 4, signedQuotient(WHOLE, OP.i64DivS)),
  instruction("divu", 0x33, 5, unsignedDivision(WHOLE, OP.i64DivU, "ones")),
  instruction("rem", 0x33, 6, signedRemainder(WHOLE, OP.i64RemS)),
  instruction("remu", 0x33, 7, unsignedDivision(WHOLE, OP.i64RemU, "dividend")),
  instruction("mulw", 0x3b, 0, word(OP.i32Mul)),
  instruction("divw", 0x3b, 4, ofWords(signedQuotient(WORD, OP.i32DivS))),
  instruction("divuw", 0x3b, 5, ofWords(unsignedDivision(WORD, OP.i32DivU, "ones"))),
  instruction("remw", 0x3b, 6, ofWords(signedRemainder(WORD, OP.i32RemS))),
  instruction("remuw", 0x3b, 7, ofWords(unsignedDivision(WORD, OP.i32RemU, "dividend"))),
];
