import { FORMATS } from "../riscv/isa/format.ts";
import { INSTRUCTIONS } from "../riscv/isa/instructions.ts";
import type { Instruction } from "../riscv/isa/instruction.ts";
import type { Random } from "./random.ts";
import { destination, floatRegister, immediate, scratchPlace, type Snippet, source } from "./stream-context.ts";
import { ROLE } from "./stream-layout.ts";

const ARITHMETIC: readonly Instruction[] = INSTRUCTIONS.filter(
  ({ extension, format, flow }) =>
    ["I", "M", "Zba", "Zbb", "Zbc", "Zbs"].includes(extension) &&
    ["R", "I", "shift", "unary", "U"].includes(format) &&
    flow === "next",
);

const COMPUTATIONS: readonly Instruction[] = INSTRUCTIONS.filter(
  ({ extension, format }) =>
    ["F", "D", "Zfh"].includes(extension) && format !== "float-load" && format !== "float-store",
);

function immediateOf({ mask, format }: Instruction, random: Random): number {
  const kind = FORMATS[format].immediate;
  if (kind === "u") return random.chance(50) ? random.between(-32, 31) << 12 : random.word() & ~0xfff;
  // Amounts of word shifts are below 32: the bit above is fixed.
  if (kind === "shift") return random.below((mask & (1 << 25)) === 0 ? 64 : 32);
  return immediate(random);
}

/** What integers are computed with. */
export const arithmetic: Snippet = ({ assembler, random }) => {
  const instruction = random.pick(ARITHMETIC);
  const rd = destination(random);
  const rs1 = random.chance(35) ? rd : source(random);
  // QEMU 7.2 counts the zeroes of ctzw on into the upper word: a one in the lower word keeps it from that.
  if (instruction.name === "ctzw") assembler.op("bseti", { rd: 5, rs1, immediate: random.below(32) });
  const fields = { rd, rs1: instruction.name === "ctzw" ? 5 : rs1, rs2: source(random) };
  assembler.op(instruction.name, { ...fields, immediate: immediateOf(instruction, random) });
};

function roundingOf(random: Random): number {
  if (random.chance(60)) return 7;
  return random.chance(95) ? random.below(5) : random.between(5, 6);
}

/** What floating-point numbers are computed, converted, compared and moved with. */
export const computation: Snippet = ({ assembler, random }) => {
  const { name, format } = random.pick(COMPUTATIONS);
  const { rd, rs1 } = FORMATS[format];
  assembler.op(name, {
    rd: rd === "float" ? floatRegister(random) : destination(random),
    rs1: rs1 === "float" ? floatRegister(random) : source(random),
    rs2: floatRegister(random),
    rs3: floatRegister(random),
    rounding: roundingOf(random),
  });
};

const SIZES: Readonly<Record<string, number>> = { b: 1, h: 2, w: 4, d: 8 };

/** Bytes that a load or store accesses: the letter behind its l or s, or fl or fs. */
function sizeOf(name: string): number {
  return SIZES[/^f?[ls]([bhwd])/.exec(name)?.[1] ?? ""] ?? 8;
}

const LOADS = ["lb", "lbu", "lh", "lhu", "lw", "lwu", "ld", "ld"];
const STORES = ["sb", "sh", "sw", "sd", "sd"];

/** Loads from the scratch memory. */
export const load: Snippet = ({ assembler, random }) => {
  const name = random.pick(LOADS);
  assembler.op(name, { rd: destination(random), ...scratchPlace(random, sizeOf(name)) });
};

/** Stores to the scratch memory. */
export const store: Snippet = ({ assembler, random }) => {
  const name = random.pick(STORES);
  assembler.op(name, { rs2: source(random), ...scratchPlace(random, sizeOf(name)) });
};

/** Loads and stores of floating-point registers. */
export const floatAccess: Snippet = ({ assembler, random }) => {
  const name = random.pick(["flh", "flw", "fld", "fsh", "fsw", "fsd"]);
  const register = floatRegister(random);
  assembler.op(name, { rd: register, rs2: register, ...scratchPlace(random, sizeOf(name)) });
};

/** Loads and stores in the frame on the stack. */
export const stackAccess: Snippet = ({ assembler, random }) => {
  const name = random.pick(["lw", "ld", "sw", "sd", "fld", "fsd", "addi"]);
  const registers = name === "fld" ? { rd: floatRegister(random) } : { rd: destination(random), rs2: source(random) };
  assembler.op(name, { ...registers, rs1: ROLE.stack, immediate: random.between(2, 6) * 8 });
};

/** Loads one of the constants. */
export const constant: Snippet = ({ assembler, random }) => {
  const place = { rs1: ROLE.pool, immediate: random.below(60) * 8 };
  if (random.chance(50)) assembler.op("ld", { rd: destination(random), ...place });
  else assembler.op("fld", { rd: floatRegister(random), ...place });
};
