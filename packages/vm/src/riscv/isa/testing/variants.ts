import { FORMATS } from "../format.ts";
import { ILLEGAL_INDEX, INSTRUCTIONS } from "../instructions.ts";
import type { Instruction } from "../instruction.ts";
import { encode, type OperandFields } from "./encode.ts";

/** How a program surrounds an instruction: what it prepares, and what it writes down. */
export type Surrounding = "integer" | "float" | "memory" | "float-memory" | "jump-register";

/** One instruction with its operands fixed. */
export type Variant = {
  readonly instruction: Instruction;
  readonly fields: OperandFields;
  readonly bits: number;
  readonly length: 2 | 4;
  readonly surrounding: Surrounding;
  /** Assembly that runs just before it. */
  readonly before: readonly string[];
  /** Whether to try it with every pair of operands, or with some. */
  readonly isThorough: boolean;
};

/** a0, a1, a2 (or fa0, fa1, fa2): apart, then each way of being the same, then x0. rs3 is a3, or is the same, too. */
const REGISTERS: readonly OperandFields[] = [
  { rd: 10, rs1: 11, rs2: 12, rs3: 13 },
  { rd: 11, rs1: 11, rs2: 12, rs3: 13 },
  { rd: 12, rs1: 11, rs2: 12, rs3: 12 },
  { rd: 10, rs1: 11, rs2: 11, rs3: 10 },
  { rd: 11, rs1: 11, rs2: 11, rs3: 11 },
];
const WITH_ZERO: readonly OperandFields[] = [
  { rd: 0, rs1: 11, rs2: 12 },
  { rd: 10, rs1: 0, rs2: 12 },
  { rd: 10, rs1: 11, rs2: 0 },
];

const FFLAGS = 1;
const FRM = 2;
const FCSR = 3;

const TESTED_IMMEDIATES: Readonly<Record<string, readonly number[]>> = {
  i: [0, 1, -1, 2047, -2048, 31, 0x555],
  s: [0, 8, -8, 3],
  b: [8],
  u: [0, 0x1000, 0x7fff_f000, -0x8000_0000, -0x1000],
  j: [8],
  shift: [0, 1, 31, 32, 63],
  fence: [0xff, 0x31],
  csr: [FFLAGS, FRM, FCSR],
  csrImmediate: [FFLAGS, FRM, FCSR].flatMap((csr) => [csr, csr | (0x15 << 17), csr | (0x1f << 17)]),
};

/** Loads stay within 32 bytes; the target of jalr has its immediate taken off first. */
const MEMORY_IMMEDIATES = [0, 8, -8, 1, -3, 6];

/** What an instruction has to be surrounded by. */
export function surroundingOf({ name, format }: Instruction): Surrounding {
  if (name === "jalr") return "jump-register";
  if (format === "float-load" || format === "float-store") return "float-memory";
  if (["load", "S", "atomic", "load-reserved"].includes(format)) return "memory";
  const { rd, rs1 } = FORMATS[format];
  return rd === "float" || rs1 === "float" ? "float" : "integer";
}

/** Amounts of word shifts are below 32: the bit above is fixed. */
function immediatesOf(instruction: Instruction): readonly number[] {
  const kind = FORMATS[instruction.format].immediate;
  if (kind === undefined) return [0];
  if (instruction.name === "jalr") return [0, 1, -2, 2046];
  if (["load", "float-load"].includes(instruction.format)) return MEMORY_IMMEDIATES;
  const immediates = TESTED_IMMEDIATES[kind] ?? [];
  const isWordShift = kind === "shift" && (instruction.mask & (1 << 25)) !== 0;
  return isWordShift ? immediates.filter((amount) => amount < 32) : immediates;
}

/** Dynamic is nearest here, as frm is 0. Which registers coincide has nothing to do with rounding. */
function roundingsOf(instruction: Instruction, form: number): readonly number[] {
  if (FORMATS[instruction.format].rounding !== true) return [0];
  return form === 0 ? [7, 0, 1, 2, 3, 4] : [7];
}

function registersOf(instruction: Instruction): readonly OperandFields[] {
  const format = FORMATS[instruction.format];
  const zeroes = WITH_ZERO.filter(
    ({ rd, rs1, rs2 }) =>
      (rd !== 0 || format.rd === "integer") &&
      (rs1 !== 0 || (format.rs1 === "integer" && surroundingOf(instruction) === "integer")) &&
      (rs2 !== 0 || format.rs2 === "integer"),
  );
  return [...REGISTERS, ...zeroes];
}

/**
 * Floating point is tried with NX clear and raised: the host may compute what is inexact only then. A store-conditional is tried
 * without a reservation, with its own, with one of elsewhere, and with one of what has changed since.
 */
function sequencesOf(instruction: Instruction): readonly (readonly string[])[] {
  if (surroundingOf(instruction) === "float") return [[], ["csrwi fflags, 1"]];
  const { name } = instruction;
  if (!name.startsWith("sc.")) return [[]];
  const load = name.replace("sc", "lr");
  return [[], [`${load} a4, (a1)`], [`${load} a4, (s3)`], [`${load} a4, (a1)`, "not a4, a4", "sw a4, (a1)"]];
}

function variantsOf(instruction: Instruction): readonly Variant[] {
  const surrounding = surroundingOf(instruction);
  const kind = FORMATS[instruction.format].immediate;
  const variants = registersOf(instruction).flatMap((registers, form) =>
    immediatesOf(instruction).flatMap((immediate) =>
      roundingsOf(instruction, form).map((rounding) => {
        const fields = { ...registers, immediate, rounding };
        const isThorough = form === 0 && (kind === undefined || kind === "b");
        return { instruction, fields, bits: encode(instruction, fields), length: 4 as const, surrounding, isThorough };
      }),
    ),
  );
  const distinct = [...Map.groupBy(variants, ({ bits }) => bits).values()]
    .map(([first]) => first)
    .filter((first) => first !== undefined);
  return sequencesOf(instruction).flatMap((before) => distinct.map((variant) => ({ ...variant, before })));
}

/** What a user's program can run and go on after: ecall is what it ends with. */
function isTested({ name, extension }: Instruction): boolean {
  return extension !== "privileged" && name !== "ecall" && name !== "ebreak";
}

/** Every instruction that a user's program can run, with many operands. */
export const WORD_VARIANTS: readonly Variant[] = INSTRUCTIONS.filter((_, index) => index !== ILLEGAL_INDEX)
  .filter(isTested)
  .flatMap(variantsOf);
