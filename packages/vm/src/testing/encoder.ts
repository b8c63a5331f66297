import { createDecodedInstruction, createDecoder } from "../riscv/isa/decode.ts";
import { ILLEGAL_INDEX, INSTRUCTIONS } from "../riscv/isa/instructions.ts";
import type { Instruction } from "../riscv/isa/instruction.ts";
import { encode, type OperandFields } from "../riscv/isa/testing/encode.ts";

const decode = createDecoder();

/** Rows for special operands stand before the general ones of the same name, which are wanted here. */
const BY_NAME = new Map(INSTRUCTIONS.map((instruction) => [instruction.name, instruction]));

/** The instruction of a name. */
function instructionOf(name: string): Instruction {
  const instruction = BY_NAME.get(name);
  if (instruction === undefined) throw new RangeError(`no instruction is called ${name}`);
  return instruction;
}

/** The 32 bits of an instruction, by its name. */
export function encodeWord(name: string, fields: OperandFields = {}): number {
  return encode(instructionOf(name), fields);
}

/** What an instruction means: the same for all its encodings. */
function meaningOf(bits: number): string {
  const { instruction, rd, rs1, rs2, rs3, immediate, rounding } = decodeInto(bits);
  return [instruction, rd, rs1, rs2, rs3, immediate, rounding].join();
}

const decoded = createDecodedInstruction();

function decodeInto(bits: number): typeof decoded {
  decode(bits, decoded);
  return decoded;
}

/** Compressed encodings by their meaning. */
const COMPRESSED: ReadonlyMap<string, readonly number[]> = Map.groupBy(
  Array.from({ length: 0x1_0000 }, (_, bits) => bits).filter(
    (bits) => (bits & 3) !== 3 && decodeInto(bits).instruction !== ILLEGAL_INDEX,
  ),
  meaningOf,
);

/** The compressed encodings of a 32-bit instruction. */
export function compress(bits: number): readonly number[] {
  return COMPRESSED.get(meaningOf(bits)) ?? [];
}
