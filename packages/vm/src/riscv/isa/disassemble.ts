import { CSR_TABLE } from "../hart/csr-table.ts";
import { COMPRESSED } from "./compressed.ts";
import { createDecodedInstruction, createDecoder, type DecodedInstruction } from "./decode.ts";
import { FORMATS } from "./format.ts";
import { ILLEGAL_INDEX, INSTRUCTIONS } from "./instructions.ts";
import type { Instruction } from "./instruction.ts";

const INTEGER_NAMES =
  "zero ra sp gp tp t0 t1 t2 s0 s1 a0 a1 a2 a3 a4 a5 a6 a7 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 t3 t4 t5 t6".split(" ");
const FLOAT_NAMES =
  "ft0 ft1 ft2 ft3 ft4 ft5 ft6 ft7 fs0 fs1 fa0 fa1 fa2 fa3 fa4 fa5 fa6 fa7 fs2 fs3 fs4 fs5 fs6 fs7 fs8 fs9 fs10 fs11 ft8 ft9 ft10 ft11".split(
    " ",
  );
const REGISTER_NAMES: readonly string[] = [...INTEGER_NAMES, ...FLOAT_NAMES];

/** By number; 5 and 6 are reserved. Dynamic is what is meant where none is written. */
const ROUNDING_NAMES = ["rne", "rtz", "rdn", "rup", "rmm", "unknown", "unknown"];

const ORDERINGS = ["", ".rl", ".aq", ".aqrl"];

const CSR_NAMES = new Map(CSR_TABLE.map(({ number, name }) => [number, name]));

/** What stands for one word of a syntax. */
type Operand = (decoded: DecodedInstruction, address: bigint) => string;

const hexadecimal = (value: number | bigint): string => `0x${value.toString(16)}`;

function csrName(number: number): string {
  return CSR_NAMES.get(number) ?? hexadecimal(number);
}

/** Letters of a fence's set, of the bits input, output, read, write. */
function fenceSet(set: number): string {
  const letters = ["i", "o", "r", "w"].filter((_, index) => (set & (8 >> index)) !== 0);
  return letters.length === 0 ? "unknown" : letters.join("");
}

const OPERANDS: Readonly<Record<string, Operand>> = {
  rd: ({ rd }) => REGISTER_NAMES[rd] ?? "",
  rs1: ({ rs1 }) => REGISTER_NAMES[rs1] ?? "",
  rs2: ({ rs2 }) => REGISTER_NAMES[rs2] ?? "",
  rs3: ({ rs3 }) => REGISTER_NAMES[rs3] ?? "",
  immediate: ({ immediate }) => String(immediate),
  amount: ({ immediate }) => hexadecimal(immediate),
  upper: ({ immediate }) => hexadecimal(immediate >>> 12),
  target: ({ immediate }, address) => hexadecimal(BigInt.asUintN(64, address + BigInt(immediate))),
  csr: ({ immediate }) => csrName(immediate & 0xfff),
  unsigned: ({ immediate }) => String(immediate >> 17),
  predecessor: ({ immediate }) => fenceSet(immediate >> 4),
  successor: ({ immediate }) => fenceSet(immediate & 15),
  rounding: ({ rounding }) => ROUNDING_NAMES[rounding] ?? "",
  bits: ({ immediate }) => hexadecimal(immediate >>> 0),
};

/** Turns the bits of an instruction into text. */
export type Disassemble = (bits: number, address?: bigint) => string;

function nameOf(instruction: Instruction, bits: number): string {
  const isAtomic = instruction.format === "atomic" || instruction.format === "load-reserved";
  return isAtomic ? `${instruction.name}${ORDERINGS[(bits >>> 25) & 3]}` : instruction.name;
}

function wordRow(decoded: DecodedInstruction, bits: number): readonly [name: string, syntax: string] {
  const instruction = INSTRUCTIONS[decoded.instruction];
  if (instruction === undefined || decoded.instruction === ILLEGAL_INDEX) return [`.${decoded.length}byte`, "bits"];
  return [nameOf(instruction, bits), FORMATS[instruction.format].syntax];
}

function rowOf(decoded: DecodedInstruction, bits: number): readonly [name: string, syntax: string] {
  const row = COMPRESSED.find(({ mask, match }) => (bits & mask) === match);
  if (decoded.length === 4 || row === undefined || decoded.instruction === ILLEGAL_INDEX) return wordRow(decoded, bits);
  return [row.name, row.syntax];
}

/** Operands by a syntax. A rounding mode that is dynamic is left out. */
function write(syntax: string, decoded: DecodedInstruction, address: bigint): string {
  const shown = decoded.rounding === 7 ? syntax.replace(",rounding", "") : syntax;
  return shown.replaceAll(/[a-z]+\d?/g, (word) => OPERANDS[word]?.(decoded, address) ?? word);
}

/**
 * Makes a disassembler. Its text is that of GNU objdump with `-M no-aliases`, a space between name and operands, targets of branches
 * as absolute addresses.
 */
export function createDisassembler(): Disassemble {
  const decode = createDecoder();
  const decoded = createDecodedInstruction();
  return (bits, address = 0n) => {
    decode(bits, decoded);
    const [name, syntax] = rowOf(decoded, bits);
    return `${name} ${write(syntax, decoded, address)}`.trimEnd();
  };
}
