import type { OperandFields } from "../riscv/isa/testing/encode.ts";
import { destination, scratchPlace, type Snippet, source, type StreamContext } from "./stream-context.ts";
import { BAD_ADDRESSES, ROLE } from "./stream-layout.ts";

const ATOMIC = ["amoadd", "amoswap", "amoxor", "amoor", "amoand", "amomin", "amomax", "amominu", "amomaxu"];

/** Puts an address into ROLE.address. */
function makeAddress({ assembler, random }: StreamContext, size: number, isAligned: boolean): void {
  const place = scratchPlace(random, size);
  const offset = isAligned ? place.immediate & -size : place.immediate;
  assembler.op("addi", { ...place, rd: ROLE.address, immediate: offset });
}

function width({ random }: StreamContext): readonly [suffix: string, size: number] {
  return random.pick([
    [".w", 4],
    [".d", 8],
  ] as const);
}

/** Reads, changes and writes memory at once; misaligned ones trap. */
export const atomic: Snippet = (context) => {
  const { assembler, random } = context;
  const [suffix, size] = width(context);
  makeAddress(context, size, random.chance(90));
  const fields = { rd: destination(random), rs1: ROLE.address, rs2: source(random) };
  assembler.op(random.pick(ATOMIC) + suffix, fields);
};

/** Reserves, does something in between, and stores conditionally: there or elsewhere. */
export const reservation: Snippet = (context) => {
  const { assembler, random, options } = context;
  if (options.isInterruptible === true) return;
  const [suffix, size] = width(context);
  makeAddress(context, size, true);
  const isReserved = random.chance(85);
  if (isReserved) assembler.op(`lr${suffix}`, { rd: destination(random), rs1: ROLE.address });
  if (random.chance(20)) assembler.op("sw", { rs2: source(random), rs1: ROLE.address, immediate: 0 });
  if (random.chance(10)) assembler.op("ecall");
  if (random.chance(15)) makeAddress(context, size, true);
  assembler.op(`sc${suffix}`, { rd: destination(random), rs1: ROLE.address, rs2: source(random) });
};

const FFLAGS = 0x001;
const FRM = 0x002;
const FCSR = 0x003;
/** mscratch, sscratch, scause, stval. Not sepc and mepc: QEMU 7.2 keeps their lowest bit, which has to be 0. */
const PLAIN_CSRS = [0x340, 0x140, 0x142, 0x143];
/** mcause, mtval. */
const TRAP_CSRS = [0x342, 0x343];
/** What is no CSR. */
const ABSENT_CSRS = [0x5c0, 0x8ff];
/** mhartid, cycle: can't be written. */
const READ_ONLY_CSRS = [0xf14, 0xc00];

function csrOf({ random, options }: StreamContext): number {
  if (random.chance(5)) return random.pick([...ABSENT_CSRS, ...READ_ONLY_CSRS]);
  const isHidden = options.isInterruptible === true;
  return random.pick(isHidden ? [FFLAGS, ...PLAIN_CSRS] : [FFLAGS, FCSR, ...PLAIN_CSRS, ...TRAP_CSRS]);
}

/** Reads and writes a register that remembers what is written, or that refuses it. */
export const csr: Snippet = (context) => {
  const { assembler, random } = context;
  const number = csrOf(context);
  // QEMU 7.2 lets bits be set where none is, while only x0 as a source means that nothing is written.
  const operations = READ_ONLY_CSRS.includes(number) ? ["csrrw"] : ["csrrw", "csrrs", "csrrc"];
  const name = random.pick(operations) + random.pick(["", "i"]);
  const immediate = name.endsWith("i") ? number | (random.below(32) << 17) : number;
  assembler.op(name, { rd: destination(random), rs1: source(random), immediate });
};

/** Sets the rounding mode, to a valid one mostly, or clears or sets flags. */
export const floatControl: Snippet = ({ assembler, random }) => {
  const csrNumber = random.pick([FFLAGS, FRM, FRM, FCSR]);
  const value = csrNumber === FRM ? random.below(random.chance(90) ? 5 : 8) : random.below(32);
  const name = csrNumber === FRM ? "csrrwi" : random.pick(["csrrwi", "csrrsi", "csrrci"]);
  assembler.op(name, { rd: destination(random), immediate: csrNumber | (value << 17) });
};

/** What is no instruction in any extension that the machines compared have. */
const ILLEGAL: readonly (readonly [bits: number, length: 2 | 4])[] = [
  ...[0x0000, 0x0004, 0x2001, 0x4002, 0x6001, 0x6002, 0x8002, 0x9c41].map((bits) => [bits, 2] as const),
  [0xffff_ffff | 0, 4],
  [0x0000_7003, 4],
  [0xc000_1073 | 0, 4],
  [0x0000_707f, 4],
  [0xfe00_4033 | 0, 4],
];

/** Environment calls, breakpoints, what is illegal. */
export const trap: Snippet = ({ assembler, random }) => {
  const name = random.pick(["ecall", "ebreak", "illegal", "illegal"]);
  if (name === "illegal") assembler.raw(...random.pick(ILLEGAL));
  else assembler.op(name);
};

const ACCESSES: readonly (readonly [name: string, fields: OperandFields])[] = [
  ["lw", { rd: 5 }],
  ["ld", { rd: 6 }],
  ["lbu", { rd: 7 }],
  ["fld", { rd: 8 }],
  ["sd", { rs2: 10 }],
  ["sb", { rs2: 11 }],
  ["fsw", { rs2: 12 }],
  ["lr.d", { rd: 7 }],
];

/** Loads, stores and jumps where nothing is. */
export const fault: Snippet = ({ assembler, random, options }) => {
  const count = BAD_ADDRESSES.length;
  assembler.op("ld", { rd: ROLE.escape, rs1: ROLE.pool, immediate: (60 + random.below(count)) * 8 });
  if (random.chance(30)) {
    const after = assembler.label();
    assembler.address(ROLE.address, after);
    assembler.op("jalr", { rd: 0, rs1: ROLE.escape, immediate: 0 });
    assembler.bind(after);
    return;
  }
  const [name, fields] = random.pick(ACCESSES);
  if (name.startsWith("lr") && options.isInterruptible === true) return;
  assembler.op(name, { ...fields, rs1: ROLE.escape });
};

/** Fences, which order nothing here. */
export const fence: Snippet = ({ assembler, random }) => {
  if (random.chance(20)) assembler.op("fence.i");
  else assembler.op("fence", { immediate: random.below(256) });
};
