import type { Value } from "../../ir/block.ts";
import type { IrBuilder } from "../../ir/port.ts";
import { OP } from "../../wasm/opcodes.ts";
import { swapGroups } from "./bit-manipulation.ts";
import { encoding, type Instruction } from "./instruction.ts";
import { ofRegisters, type Operation } from "./semantics.ts";

const LANES = [0, 1, 2, 3];

/** Every fourth bit. @param lane number of the first one, 0 to 3 */
function laneMask(builder: IrBuilder, lane: number): Value {
  const half = (0x1111_1111 << lane) | 0;
  return builder.constant(half, half);
}

function laneOf(builder: IrBuilder, value: Value, lane: number): Value {
  return builder.op(OP.i64And, value, laneMask(builder, lane));
}

/** The parts joined by an operation. */
function joined(builder: IrBuilder, opcode: number, parts: readonly Value[]): Value {
  return parts.reduce((left, right) => builder.op(opcode, left, right));
}

/**
 * The lower half of the product without carries. Multiplied are numbers with every fourth bit only: a column sums up to 16 bits at most,
 * so that carries stay in the three bits between, which are masked out; the only column of 16 is the last one, and carries out of the word.
 */
const multiplyLow: Operation = (builder, a, b) => {
  const left = LANES.map((lane) => laneOf(builder, a, lane));
  const right = LANES.map((lane) => laneOf(builder, b, lane));
  const sums = LANES.map((lane) => {
    const products = left.flatMap((value, index) => {
      const other = right[(lane - index) & 3];
      return other === undefined ? [] : [builder.op(OP.i64Mul, value, other)];
    });
    return laneOf(builder, joined(builder, OP.i64Xor, products), lane);
  });
  return joined(builder, OP.i64Or, sums);
};

/** The last bit first: groups of half a word down to single bits. */
function reverseBits(builder: IrBuilder, value: Value): Value {
  const groups: readonly (readonly [bits: number, mask: number])[] = [
    [16, 0x0000_ffff],
    [8, 0x00ff_00ff],
    [4, 0x0f0f_0f0f],
    [2, 0x3333_3333],
    [1, 0x5555_5555],
  ];
  const halves = builder.op(OP.i64Rotl, value, builder.constant(32));
  return groups.reduce((reversed, [bits, mask]) => swapGroups(builder, reversed, bits, mask), halves);
}

/** Bits 63 to 126 of the product. */
const multiplyReversed: Operation = (builder, a, b) =>
  reverseBits(builder, multiplyLow(builder, reverseBits(builder, a), reverseBits(builder, b)));

/** Bits 64 to 127 of the product. */
const multiplyHigh: Operation = (builder, a, b) =>
  builder.op(OP.i64ShrU, multiplyReversed(builder, a, b), builder.constant(1));

function row(name: string, funct3: number, operation: Operation): Instruction {
  return {
    name,
    extension: "Zbc",
    format: "R",
    flow: "next",
    ...encoding({ opcode: 0x33, funct7: 0x05, funct3 }),
    semantics: ofRegisters(operation),
  };
}

/** Zbc: "Carry-less multiplication", version 1.0.0. */
export const CARRYLESS_MULTIPLY: readonly Instruction[] = [
  row("clmul", 1, multiplyLow),
  row("clmulr", 2, multiplyReversed),
  row("clmulh", 3, multiplyHigh),
];
