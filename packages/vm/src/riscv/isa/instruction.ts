import type { Semantics } from "../../ir/port.ts";
import type { FormatName } from "./format.ts";

/** The extensions that are described, by the names that the ISA manual gives them. */
export type Extension =
  | "I"
  | "M"
  | "A"
  | "F"
  | "D"
  | "Zfh"
  | "Zicsr"
  | "Zifencei"
  | "Zihintpause"
  | "Zba"
  | "Zbb"
  | "Zbc"
  | "Zbs"
  | "privileged";

/**
 * How an instruction ends: it goes on with the next one, branches or goes on, jumps to a constant distance, jumps to a register's
 * address, or never goes on within its unit, because what follows may run in another mode or from other code.
 */
export type Flow = "next" | "branch" | "jump" | "jump-register" | "end";

/** One 32-bit instruction: all that decoder, interpreter, compiler, disassembler and documentation know of it. */
export type Instruction = {
  readonly name: string;
  readonly extension: Extension;
  /** The bits that tell it from others, and what they are: it is this instruction where `(bits & mask) === match`. Unsigned. */
  readonly mask: number;
  readonly match: number;
  /** Where its operands are, and how it is written. */
  readonly format: FormatName;
  readonly flow: Flow;
  /** It is illegal while floating point is off. */
  readonly float?: true;
  readonly semantics: Semantics;
};

/** Fixed fields of an instruction's encoding, at the bits that "RV32/64G Instruction Set Listings" gives them. */
export type Fields = {
  /** Bits 0 to 6. */
  readonly opcode: number;
  /** Bits 12 to 14. */
  readonly funct3?: number;
  /** Bits 25 to 31. */
  readonly funct7?: number;
  /** Bits 26 to 31: shifts of 64 bits, whose amount reaches into funct7. */
  readonly funct6?: number;
  /** Bits 27 to 31: atomic operations, before aq and rl. */
  readonly funct5?: number;
  /** Bits 25 and 26: format of fused operations. */
  readonly funct2?: number;
  readonly rd?: number;
  readonly rs1?: number;
  readonly rs2?: number;
};

const PLACES = {
  opcode: [0, 7],
  rd: [7, 5],
  funct3: [12, 3],
  rs1: [15, 5],
  rs2: [20, 5],
  funct2: [25, 2],
  funct7: [25, 7],
  funct6: [26, 6],
  funct5: [27, 5],
} as const satisfies Record<keyof Fields, readonly [shift: number, width: number]>;

/** Mask and match of fixed fields. */
export function encoding(fields: Fields): { readonly mask: number; readonly match: number } {
  let mask = 0;
  let match = 0;
  for (const [name, [shift, width]] of Object.entries(PLACES)) {
    const value = fields[name as keyof Fields];
    if (value === undefined) continue;
    mask |= ((1 << width) - 1) << shift;
    match |= value << shift;
  }
  return { mask: mask >>> 0, match: match >>> 0 };
}
