import { COMPRESSED, type CompressedInstruction } from "../compressed.ts";
import { createDecodedInstruction, createDecoder, type DecodedInstruction } from "../decode.ts";
import { FORMATS } from "../format.ts";
import { ILLEGAL_INDEX, INSTRUCTIONS } from "../instructions.ts";
import type { Instruction } from "../instruction.ts";
import { surroundingOf, type Variant } from "./variants.ts";

/** How many words of each row are run. */
const WORDS_PER_ROW = 24;

/** Registers that a surrounding prepares and writes down: x0, ra, sp, a0 to a2, fa0 to fa2. */
const REGISTERS = new Set([0, 1, 2, 10, 11, 12, 42, 43, 44]);
/** Those that point into the scratch memory: sp and a1. */
const POINTERS = new Set([2, 11]);
/** Branches go over one instruction of four bytes. */
const OVER_THE_NEXT = 6;

function fits(instruction: Instruction, { rd, rs1, rs2, immediate }: DecodedInstruction): boolean {
  if (![rd, rs1, rs2].every((register) => REGISTERS.has(register))) return false;
  if (instruction.name === "jalr") return rs1 === 11;
  if (instruction.flow !== "next") return immediate === OVER_THE_NEXT;
  const isMemory = surroundingOf(instruction).endsWith("memory");
  return !isMemory || (POINTERS.has(rs1) && immediate <= 8 && !POINTERS.has(rd));
}

/** So many of them, evenly spread. */
function spread<Item>(items: readonly Item[], count: number): readonly Item[] {
  const step = Math.max(1, items.length / count);
  return items.filter((_, index) => Math.floor(index / step) !== Math.floor((index - 1) / step));
}

function wordsOf(row: CompressedInstruction): readonly number[] {
  const words = Array.from({ length: 0x10000 }, (_, bits) => bits).filter((bits) => (bits & row.mask) === row.match);
  return words.filter((bits) => COMPRESSED.find(({ mask, match }) => (bits & mask) === match) === row);
}

function variantsOf(row: CompressedInstruction): readonly Variant[] {
  const decode = createDecoder();
  const variants = wordsOf(row).flatMap((bits): Variant | [] => {
    const decoded = createDecodedInstruction();
    decode(bits, decoded);
    const instruction = INSTRUCTIONS[decoded.instruction];
    if (instruction === undefined || decoded.instruction === ILLEGAL_INDEX || !fits(instruction, decoded)) return [];
    const { rd, rs1, rs2, immediate } = decoded;
    const fields = { rd, rs1, rs2, immediate };
    return {
      instruction,
      fields,
      bits,
      length: 2,
      surrounding: surroundingOf(instruction),
      before: [],
      isThorough: false,
    };
  });
  return spread(variants, WORDS_PER_ROW);
}

/** Compressed instructions, by what each row stands for; c.ebreak, which has no operands, is left out. */
export const COMPRESSED_VARIANTS: readonly Variant[] = COMPRESSED.filter(
  ({ expansion }) => FORMATS[INSTRUCTIONS.find(({ name }) => name === expansion)?.format ?? "none"].syntax !== "",
).flatMap(variantsOf);
