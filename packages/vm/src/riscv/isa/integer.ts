import type { Semantics } from "../../ir/port.ts";
import { OP } from "../../wasm/opcodes.ts";
import { encoding, type Instruction } from "./instruction.ts";
import { comparison, effectiveAddress, ofImmediate, ofRegisters, type Operation, whole, word } from "./semantics.ts";

const base = { extension: "I", flow: "next" } as const;

function registers(
  name: string,
  opcode: number,
  [funct7, funct3]: readonly [number, number],
  operation: Operation,
): Instruction {
  return { ...base, name, format: "R", ...encoding({ opcode, funct7, funct3 }), semantics: ofRegisters(operation) };
}

function immediate(name: string, opcode: number, funct3: number, operation: Operation): Instruction {
  return { ...base, name, format: "I", ...encoding({ opcode, funct3 }), semantics: ofImmediate(operation) };
}

function shift(name: string, [funct6, funct3]: readonly [number, number], operation: Operation): Instruction {
  const fields = encoding({ opcode: 0x13, funct6, funct3 });
  return { ...base, name, format: "shift", ...fields, semantics: ofImmediate(operation) };
}

function shiftWord(name: string, [funct7, funct3]: readonly [number, number], operation: Operation): Instruction {
  const fields = encoding({ opcode: 0x1b, funct7, funct3 });
  return { ...base, name, format: "shift", ...fields, semantics: ofImmediate(operation) };
}

function load(name: string, funct3: number, opcode: number): Instruction {
  const semantics: Semantics = (builder, { rd, rs1 }) => {
    builder.set(rd, builder.load(opcode, effectiveAddress(builder, rs1)));
  };
  return { ...base, name, format: "load", ...encoding({ opcode: 0x03, funct3 }), semantics };
}

function store(name: string, funct3: number, opcode: number): Instruction {
  const semantics: Semantics = (builder, { rs1, rs2 }) => {
    builder.store(opcode, effectiveAddress(builder, rs1), builder.get(rs2));
  };
  return { ...base, name, format: "S", ...encoding({ opcode: 0x23, funct3 }), semantics };
}

function branch(name: string, funct3: number, opcode: number): Instruction {
  const semantics: Semantics = (builder, { rs1, rs2 }) => {
    builder.branch(builder.op(opcode, builder.get(rs1), builder.get(rs2)));
  };
  return { ...base, name, format: "B", flow: "branch", ...encoding({ opcode: 0x63, funct3 }), semantics };
}

const upper: readonly Instruction[] = [
  {
    ...base,
    name: "lui",
    format: "U",
    ...encoding({ opcode: 0x37 }),
    semantics: (builder, { rd }) => builder.set(rd, builder.immediate()),
  },
  {
    ...base,
    name: "auipc",
    format: "U",
    ...encoding({ opcode: 0x17 }),
    semantics: (builder, { rd }) => builder.set(rd, builder.op(OP.i64Add, builder.pc(), builder.immediate())),
  },
];

const jumps: readonly Instruction[] = [
  {
    ...base,
    name: "jal",
    format: "J",
    flow: "jump",
    ...encoding({ opcode: 0x6f }),
    semantics: (builder, { rd }) => builder.jump(rd),
  },
  {
    ...base,
    name: "jalr",
    format: "load",
    flow: "jump-register",
    ...encoding({ opcode: 0x67, funct3: 0 }),
    semantics: (builder, { rd, rs1 }) => {
      const target = builder.op(OP.i64And, effectiveAddress(builder, rs1), builder.constant(-2));
      builder.jumpTo(target, rd, rs1);
    },
  },
];

const nothing: Semantics = () => undefined;

/** Memory accesses of the one hart happen in program order, so that there is nothing to order. */
const fences: readonly Instruction[] = [
  {
    ...base,
    name: "pause",
    extension: "Zihintpause",
    format: "none",
    mask: 0xffff_ffff,
    match: 0x0100_000f,
    semantics: nothing,
  },
  { ...base, name: "fence", format: "fence", ...encoding({ opcode: 0x0f, funct3: 0 }), semantics: nothing },
];

/** RV64I: "RV32I Base Integer Instruction Set" and "RV64I Base Integer Instruction Set"; pause from "Zihintpause". */
export const INTEGER: readonly Instruction[] = [
  ...upper,
  ...jumps,
  branch("beq", 0, OP.i64Eq),
  branch("bne", 1, OP.i64Ne),
  branch("blt", 4, OP.i64LtS),
  branch("bge", 5, OP.i64GeS),
  branch("bltu", 6, OP.i64LtU),
  branch("bgeu", 7, OP.i64GeU),
  load("lb", 0, OP.i64Load8S),
  load("lh", 1, OP.i64Load16S),
  load("lw", 2, OP.i64Load32S),
  load("ld", 3, OP.i64Load),
  load("lbu", 4, OP.i64Load8U),
  load("lhu", 5, OP.i64Load16U),
  load("lwu", 6, OP.i64Load32U),
  store("sb", 0, OP.i64Store8),
  store("sh", 1, OP.i64Store16),
  store("sw", 2, OP.i64Store32),
  store("sd", 3, OP.i64Store),
  immediate("addi", 0x13, 0, whole(OP.i64Add)),
  immediate("slti", 0x13, 2, comparison(OP.i64LtS)),
  immediate("sltiu", 0x13, 3, comparison(OP.i64LtU)),
  immediate("xori", 0x13, 4, whole(OP.i64Xor)),
  immediate("ori", 0x13, 6, whole(OP.i64Or)),
  immediate("andi", 0x13, 7, whole(OP.i64And)),
  shift("slli", [0x00, 1], whole(OP.i64Shl)),
  shift("srli", [0x00, 5], whole(OP.i64ShrU)),
  shift("srai", [0x10, 5], whole(OP.i64ShrS)),
  registers("add", 0x33, [0x00, 0], whole(OP.i64Add)),
  registers("sub", 0x33, [0x20, 0], whole(OP.i64Sub)),
  registers("sll", 0x33, [0x00, 1], whole(OP.i64Shl)),
  registers("slt", 0x33, [0x00, 2], comparison(OP.i64LtS)),
  registers("sltu", 0x33, [0x00, 3], comparison(OP.i64LtU)),
  registers("xor", 0x33, [0x00, 4], whole(OP.i64Xor)),
  registers("srl", 0x33, [0x00, 5], whole(OP.i64ShrU)),
  registers("sra", 0x33, [0x20, 5], whole(OP.i64ShrS)),
  registers("or", 0x33, [0x00, 6], whole(OP.i64Or)),
  registers("and", 0x33, [0x00, 7], whole(OP.i64And)),
  immediate("addiw", 0x1b, 0, word(OP.i32Add)),
  shiftWord("slliw", [0x00, 1], word(OP.i32Shl)),
  shiftWord("srliw", [0x00, 5], word(OP.i32ShrU)),
  shiftWord("sraiw", [0x20, 5], word(OP.i32ShrS)),
  registers("addw", 0x3b, [0x00, 0], word(OP.i32Add)),
  registers("subw", 0x3b, [0x20, 0], word(OP.i32Sub)),
  registers("sllw", 0x3b, [0x00, 1], word(OP.i32Shl)),
  registers("srlw", 0x3b, [0x00, 5], word(OP.i32ShrU)),
  registers("sraw", 0x3b, [0x20, 5], word(OP.i32ShrS)),
  ...fences,
];
