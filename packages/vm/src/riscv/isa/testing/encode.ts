import { FORMATS } from "../format.ts";
import type { Instruction } from "../instruction.ts";

/** Operand fields: registers 0 to 31, whichever class they are of. What is left out is 0. */
export type OperandFields = {
  readonly rd?: number;
  readonly rs1?: number;
  readonly rs2?: number;
  readonly rs3?: number;
  /** As `DecodedInstruction.immediate`. */
  readonly immediate?: number;
  readonly rounding?: number;
};

/** Inverse of IMMEDIATES: the bits of an immediate, in place. */
const PLACED: Readonly<Record<string, (value: number) => number>> = {
  i: (value) => value << 20,
  s: (value) => ((value >> 5) << 25) | ((value & 0x1f) << 7),
  b: (value) =>
    ((value >> 12) << 31) | (((value >> 5) & 0x3f) << 25) | (((value >> 1) & 0xf) << 8) | (((value >> 11) & 1) << 7),
  u: (value) => value & ~0xfff,
  j: (value) =>
    ((value >> 20) << 31) | (((value >> 1) & 0x3ff) << 21) | (((value >> 11) & 1) << 20) | (value & 0xff000),
  shift: (value) => value << 20,
  csr: (value) => value << 20,
  fence: (value) => value << 20,
  csrImmediate: (value) => ((value & 0xfff) << 20) | ((value >> 17) << 15),
};

/** Lowest bit of each field that is no immediate. */
const SHIFTS = { rd: 7, rs1: 15, rs2: 20, rs3: 27, rounding: 12 } as const;

/** The bits of an instruction with those operands that its format has, as signed 32-bit number. Fixed bits win. */
export function encode(instruction: Instruction, fields: OperandFields): number {
  const format = FORMATS[instruction.format];
  let operands = format.immediate === undefined ? 0 : (PLACED[format.immediate]?.(fields.immediate ?? 0) ?? 0);
  for (const [name, shift] of Object.entries(SHIFTS)) {
    const field = name as keyof typeof SHIFTS;
    if (format[field] !== undefined) operands |= (fields[field] ?? 0) << shift;
  }
  return (operands & ~instruction.mask) | instruction.match;
}
