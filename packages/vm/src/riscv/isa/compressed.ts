/** Fields of compressed instructions: a register's number or an immediate, from the 16 bits. */
type Field = (bits: number) => number;

/** One compressed instruction, as what it stands for. What is left out is x0 or 0. */
export type CompressedInstruction = {
  readonly name: string;
  /** It is this instruction where `(bits & mask) === match`. */
  readonly mask: number;
  readonly match: number;
  /** Name of the 32-bit instruction that does the same. */
  readonly expansion: string;
  readonly rd?: Field;
  readonly rs1?: Field;
  readonly rs2?: Field;
  readonly immediate?: Field;
  /** Operands as GNU objdump writes them; words as in `Format.syntax`, of the expansion. */
  readonly syntax: string;
};

/** A place of an immediate: so many bits, from this bit of the instruction, to that one of the immediate. */
type Part = readonly [from: number, width: number, to: number];

/** An unsigned immediate, gathered from its parts. */
function unsigned(...parts: readonly Part[]): Field {
  return (bits) => {
    let value = 0;
    for (const [from, width, to] of parts) value |= ((bits >> from) & ((1 << width) - 1)) << to;
    return value;
  };
}

/** As `unsigned`, of `width` bits in all, sign-extended. */
function signed(width: number, ...parts: readonly Part[]): Field {
  const gather = unsigned(...parts);
  const shift = 32 - width;
  return (bits) => (gather(bits) << shift) >> shift;
}

const full: Field = (bits) => (bits >> 7) & 0x1f;
const second: Field = (bits) => (bits >> 2) & 0x1f;
/** Three-bit fields name x8 to x15, or f8 to f15. */
const upperThree: Field = (bits) => 8 + ((bits >> 7) & 7);
const lowerThree: Field = (bits) => 8 + ((bits >> 2) & 7);
const link: Field = () => 1;
const stackPointer: Field = () => 2;

const SIX = signed(6, [12, 1, 5], [2, 5, 0]);
const AMOUNT = unsigned([12, 1, 5], [2, 5, 0]);
const UPPER = signed(18, [12, 1, 17], [2, 5, 12]);
const WORD_OFFSET = unsigned([10, 3, 3], [6, 1, 2], [5, 1, 6]);
const DOUBLE_OFFSET = unsigned([10, 3, 3], [5, 2, 6]);
const WORD_STACK_LOAD = unsigned([12, 1, 5], [4, 3, 2], [2, 2, 6]);
const DOUBLE_STACK_LOAD = unsigned([12, 1, 5], [5, 2, 3], [2, 3, 6]);
const WORD_STACK_STORE = unsigned([9, 4, 2], [7, 2, 6]);
const DOUBLE_STACK_STORE = unsigned([10, 3, 3], [7, 3, 6]);
const STACK_ADJUSTMENT = signed(10, [12, 1, 9], [6, 1, 4], [5, 1, 6], [3, 2, 7], [2, 1, 5]);
const STACK_ADDRESS = unsigned([11, 2, 4], [7, 4, 6], [6, 1, 2], [5, 1, 3]);
const BRANCH = signed(9, [12, 1, 8], [10, 2, 3], [5, 2, 6], [3, 2, 1], [2, 1, 5]);
const JUMP = signed(12, [12, 1, 11], [11, 1, 4], [9, 2, 8], [8, 1, 10], [7, 1, 6], [6, 1, 7], [3, 3, 1], [2, 1, 5]);

type Bits = readonly [match: number, mask: number];

/** What is reserved: zeroes where a number is asked for. All bits zero is of them. */
function reserved(match: number, mask: number): CompressedInstruction {
  return { name: "illegal", mask, match, expansion: "illegal", syntax: "bits" };
}

function load(name: string, match: number, expansion: string, immediate: Field): CompressedInstruction {
  const fields = { rd: lowerThree, rs1: upperThree, immediate };
  return { name, match, mask: 0xe003, expansion, ...fields, syntax: "rd,immediate(rs1)" };
}

function store(name: string, match: number, expansion: string, immediate: Field): CompressedInstruction {
  const fields = { rs2: lowerThree, rs1: upperThree, immediate };
  return { name, match, mask: 0xe003, expansion, ...fields, syntax: "rs2,immediate(rs1)" };
}

function stackLoad(name: string, match: number, expansion: string, immediate: Field): CompressedInstruction {
  const fields = { rd: full, rs1: stackPointer, immediate };
  return { name, match, mask: 0xe003, expansion, ...fields, syntax: "rd,immediate(rs1)" };
}

function stackStore(name: string, match: number, expansion: string, immediate: Field): CompressedInstruction {
  const fields = { rs2: second, rs1: stackPointer, immediate };
  return { name, match, mask: 0xe003, expansion, ...fields, syntax: "rs2,immediate(rs1)" };
}

/** rd' = rd' operation rs2'. */
function arithmetic(name: string, match: number, expansion: string): CompressedInstruction {
  const fields = { rd: upperThree, rs1: upperThree, rs2: lowerThree };
  return { name, match, mask: 0xfc63, expansion, ...fields, syntax: "rd,rs2" };
}

/** rd = rd operation amount. */
function shift(name: string, [match, mask]: Bits, expansion: string, register: Field): CompressedInstruction {
  const fields = { rd: register, rs1: register, immediate: AMOUNT };
  return { name, match, mask, expansion, ...fields, syntax: "rd,amount" };
}

function branch(name: string, match: number, expansion: string): CompressedInstruction {
  const fields = { rs1: upperThree, immediate: BRANCH };
  return { name, match, mask: 0xe003, expansion, ...fields, syntax: "rs1,target" };
}

/** rd = rs1 operation a six-bit number; `rs1` is left out where it is x0. */
function number(name: string, [match, mask]: Bits, expansion: string, rs1?: Field): CompressedInstruction {
  const fields = { rd: rs1 ?? full, ...(rs1 === undefined ? {} : { rs1 }), immediate: SIX };
  return { name, match, mask, expansion, ...fields, syntax: "rd,immediate" };
}

const QUADRANT_0: readonly CompressedInstruction[] = [
  reserved(0x0000, 0xffe3),
  {
    name: "c.addi4spn",
    match: 0x0000,
    mask: 0xe003,
    expansion: "addi",
    rd: lowerThree,
    rs1: stackPointer,
    immediate: STACK_ADDRESS,
    syntax: "rd,rs1,immediate",
  },
  load("c.fld", 0x2000, "fld", DOUBLE_OFFSET),
  load("c.lw", 0x4000, "lw", WORD_OFFSET),
  load("c.ld", 0x6000, "ld", DOUBLE_OFFSET),
  store("c.fsd", 0xa000, "fsd", DOUBLE_OFFSET),
  store("c.sw", 0xc000, "sw", WORD_OFFSET),
  store("c.sd", 0xe000, "sd", DOUBLE_OFFSET),
];

const QUADRANT_1: readonly CompressedInstruction[] = [
  number("c.addi", [0x0001, 0xe003], "addi", full),
  reserved(0x2001, 0xef83),
  number("c.addiw", [0x2001, 0xe003], "addiw", full),
  number("c.li", [0x4001, 0xe003], "addi"),
  reserved(0x6001, 0xf07f),
  {
    name: "c.addi16sp",
    match: 0x6101,
    mask: 0xef83,
    expansion: "addi",
    rd: stackPointer,
    rs1: stackPointer,
    immediate: STACK_ADJUSTMENT,
    syntax: "rd,immediate",
  },
  { name: "c.lui", match: 0x6001, mask: 0xe003, expansion: "lui", rd: full, immediate: UPPER, syntax: "rd,upper" },
  shift("c.srli", [0x8001, 0xec03], "srli", upperThree),
  shift("c.srai", [0x8401, 0xec03], "srai", upperThree),
  number("c.andi", [0x8801, 0xec03], "andi", upperThree),
  arithmetic("c.sub", 0x8c01, "sub"),
  arithmetic("c.xor", 0x8c21, "xor"),
  arithmetic("c.or", 0x8c41, "or"),
  arithmetic("c.and", 0x8c61, "and"),
  arithmetic("c.subw", 0x9c01, "subw"),
  arithmetic("c.addw", 0x9c21, "addw"),
  { name: "c.j", match: 0xa001, mask: 0xe003, expansion: "jal", immediate: JUMP, syntax: "target" },
  branch("c.beqz", 0xc001, "beq"),
  branch("c.bnez", 0xe001, "bne"),
];

const QUADRANT_2: readonly CompressedInstruction[] = [
  shift("c.slli", [0x0002, 0xe003], "slli", full),
  stackLoad("c.fldsp", 0x2002, "fld", DOUBLE_STACK_LOAD),
  reserved(0x4002, 0xef83),
  stackLoad("c.lwsp", 0x4002, "lw", WORD_STACK_LOAD),
  reserved(0x6002, 0xef83),
  stackLoad("c.ldsp", 0x6002, "ld", DOUBLE_STACK_LOAD),
  reserved(0x8002, 0xffff),
  { name: "c.jr", match: 0x8002, mask: 0xf07f, expansion: "jalr", rs1: full, syntax: "rs1" },
  { name: "c.mv", match: 0x8002, mask: 0xf003, expansion: "add", rd: full, rs2: second, syntax: "rd,rs2" },
  { name: "c.ebreak", match: 0x9002, mask: 0xffff, expansion: "ebreak", syntax: "" },
  { name: "c.jalr", match: 0x9002, mask: 0xf07f, expansion: "jalr", rd: link, rs1: full, syntax: "rs1" },
  { name: "c.add", match: 0x9002, mask: 0xf003, expansion: "add", rd: full, rs1: full, rs2: second, syntax: "rd,rs2" },
  stackStore("c.fsdsp", 0xa002, "fsd", DOUBLE_STACK_STORE),
  stackStore("c.swsp", 0xc002, "sw", WORD_STACK_STORE),
  stackStore("c.sdsp", 0xe002, "sd", DOUBLE_STACK_STORE),
];

/**
 * "C" Extension for Compressed Instructions, of RV64 with D. Where two fit, the first counts. Hints are what they look like: they
 * write to x0, or write what is there already. What fits nothing is reserved.
 */
export const COMPRESSED: readonly CompressedInstruction[] = [...QUADRANT_0, ...QUADRANT_1, ...QUADRANT_2];
