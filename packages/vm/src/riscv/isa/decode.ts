import { COMPRESSED, type CompressedInstruction } from "./compressed.ts";
import { FORMATS, IMMEDIATES, type RegisterClass } from "./format.ts";
import { ILLEGAL_INDEX, INSTRUCTIONS } from "./instructions.ts";
import type { Instruction } from "./instruction.ts";

/** A decoded instruction. One object takes many, so that decoding allocates nothing. */
export type DecodedInstruction = {
  /** Index into INSTRUCTIONS. */
  instruction: number;
  /** Slots of the register file: 0 to 31 integer, 32 to 63 floating-point; 0 where the instruction has no such operand. */
  rd: number;
  rs1: number;
  rs2: number;
  rs3: number;
  /** Signed, 32 bits. What is in it is in the format (`Format.immediate`); 0 where there is none. */
  immediate: number;
  /** 0 to 7; 0 where the instruction does not round. */
  rounding: number;
  /** Bytes. */
  length: 2 | 4;
};

/** Takes an instruction apart. @param bits 32 bits from the instruction's address; of a compressed one the upper 16 are ignored */
export type Decode = (bits: number, into: DecodedInstruction) => void;

/** A register field: `first + (bits >> shift & width)`; a width of 0 where there is no such field. */
type Field = { readonly first: number; readonly width: 0 | 0x1f };

type Candidate = {
  readonly index: number;
  readonly mask: number;
  readonly match: number;
  readonly rd: Field;
  readonly rs1: Field;
  readonly rs2: Field;
  readonly rs3: Field;
  readonly immediate: (bits: number) => number;
  readonly roundingWidth: 0 | 7;
};

type CompressedCandidate = Pick<Candidate, "index" | "mask" | "match"> & {
  readonly rd: (bits: number) => number;
  readonly rs1: (bits: number) => number;
  readonly rs2: (bits: number) => number;
  readonly immediate: (bits: number) => number;
};

/** An empty record to decode into. */
export function createDecodedInstruction(): DecodedInstruction {
  return { instruction: ILLEGAL_INDEX, rd: 0, rs1: 0, rs2: 0, rs3: 0, immediate: 0, rounding: 0, length: 4 };
}

const none = (_bits: number): number => 0;

function fieldOf(register: RegisterClass | undefined): Field {
  if (register === undefined) return { first: 0, width: 0 };
  return { first: register === "float" ? 32 : 0, width: 0x1f };
}

function toCandidate(instruction: Instruction, index: number): Candidate {
  const format = FORMATS[instruction.format];
  return {
    index,
    mask: instruction.mask | 0,
    match: instruction.match | 0,
    rd: fieldOf(format.rd),
    rs1: fieldOf(format.rs1),
    rs2: fieldOf(format.rs2),
    rs3: fieldOf(format.rs3),
    immediate: format.immediate === undefined ? none : IMMEDIATES[format.immediate],
    roundingWidth: format.rounding === true ? 7 : 0,
  };
}

function toCompressedCandidate(row: CompressedInstruction): CompressedCandidate {
  const index = INSTRUCTIONS.findIndex((instruction) => instruction.name === row.expansion);
  const format = FORMATS[INSTRUCTIONS[index]?.format ?? "none"];
  const register = (kind: RegisterClass | undefined, field = none): ((bits: number) => number) =>
    kind === "float" ? (bits) => 32 + field(bits) : field;
  return {
    index,
    mask: row.mask,
    match: row.match,
    rd: register(format.rd, row.rd),
    rs1: register(format.rs1, row.rs1),
    rs2: register(format.rs2, row.rs2),
    immediate: row.immediate ?? none,
  };
}

/** Buckets of candidates, each in the order of the table: those that fit a key in the bits that a key has. */
function toBuckets<C extends Pick<Candidate, "mask" | "match">>(
  candidates: readonly C[],
  keys: number,
  toBits: (key: number) => number,
): readonly (readonly C[])[] {
  const keyBits = toBits(keys - 1);
  return Array.from({ length: keys }, (_, key) => {
    const bits = toBits(key);
    return candidates.filter(({ mask, match }) => ((bits ^ match) & mask & keyBits) === 0);
  });
}

/** Bits 2 to 6 (the opcode) and 12 to 14 (funct3) name a bucket of 32-bit instructions; the lowest two bits are ones. */
const toWordKey = (bits: number): number => ((bits >> 2) & 0x1f) | ((bits >> 7) & 0xe0);
const toWordBits = (key: number): number => ((key & 0x1f) << 2) | ((key & 0xe0) << 7) | 3;

/** Bits 0 and 1 (the quadrant) and 13 to 15 name a bucket of compressed instructions. */
const toCompressedKey = (bits: number): number => (bits & 3) | ((bits >> 11) & 0x1c);
const toCompressedBits = (key: number): number => (key & 3) | ((key & 0x1c) << 11);

function becomeIllegal(bits: number, into: DecodedInstruction): void {
  into.instruction = ILLEGAL_INDEX;
  into.rd = into.rs1 = into.rs2 = into.rs3 = into.rounding = 0;
  into.immediate = bits;
}

function decodeWord(candidates: readonly Candidate[], bits: number, into: DecodedInstruction): void {
  for (const candidate of candidates) {
    if ((bits & candidate.mask) !== candidate.match) continue;
    into.instruction = candidate.index;
    into.rd = candidate.rd.first + ((bits >> 7) & candidate.rd.width);
    into.rs1 = candidate.rs1.first + ((bits >> 15) & candidate.rs1.width);
    into.rs2 = candidate.rs2.first + ((bits >> 20) & candidate.rs2.width);
    into.rs3 = candidate.rs3.first + ((bits >> 27) & candidate.rs3.width);
    into.immediate = candidate.immediate(bits);
    into.rounding = (bits >> 12) & candidate.roundingWidth;
    return;
  }
  becomeIllegal(bits, into);
}

function decodeCompressed(candidates: readonly CompressedCandidate[], bits: number, into: DecodedInstruction): void {
  for (const candidate of candidates) {
    if ((bits & candidate.mask) !== candidate.match) continue;
    if (candidate.index === ILLEGAL_INDEX) break;
    into.instruction = candidate.index;
    into.rd = candidate.rd(bits);
    into.rs1 = candidate.rs1(bits);
    into.rs2 = candidate.rs2(bits);
    into.immediate = candidate.immediate(bits);
    into.rs3 = into.rounding = 0;
    return;
  }
  becomeIllegal(bits, into);
}

/** Makes a decoder from the tables. What they do not hold is illegal, and has its bits as its immediate. */
export function createDecoder(): Decode {
  const [, ...legal] = INSTRUCTIONS.map(toCandidate);
  const words = toBuckets(legal, 0x100, toWordBits);
  const compressed = toBuckets(COMPRESSED.map(toCompressedCandidate), 0x20, toCompressedBits);
  return (bits, into) => {
    if ((bits & 3) === 3) {
      into.length = 4;
      decodeWord(words[toWordKey(bits)] ?? [], bits | 0, into);
    } else {
      into.length = 2;
      decodeCompressed(compressed[toCompressedKey(bits)] ?? [], bits & 0xffff, into);
    }
  };
}
