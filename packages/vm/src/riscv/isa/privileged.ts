import type { Semantics } from "../../ir/port.ts";
import { STATE } from "../../memory/layout.ts";
import { OP } from "../../wasm/opcodes.ts";
import { SYSTEM, type SystemOperation } from "../hart/port.ts";
import { encoding, type Extension, type Instruction } from "./instruction.ts";

/** What is no instruction. The decoder gives it the instruction's bits as its immediate, which `mtval` shows. */
export const ILLEGAL: Instruction = {
  name: "illegal",
  extension: "privileged",
  format: "illegal",
  flow: "end",
  mask: 0,
  match: 0,
  semantics: (builder) => {
    builder.setState(OP.i64Store, STATE.value, builder.op(OP.i64ExtendI32U, builder.immediate32()));
    builder.systemEnd(SYSTEM.illegal, builder.constant32(0));
  },
};

/** An instruction of fixed bits, which the hart's slow side carries out. */
function bare(name: string, match: number, operation: SystemOperation, extension: Extension): Instruction {
  const semantics: Semantics = (builder) => builder.systemEnd(operation, builder.constant32(0));
  return { name, extension, format: "none", flow: "end", mask: 0xffff_ffff, match, semantics };
}

/** Environment calls and breakpoints of the base, "Zifencei", and the instructions of the privileged architecture. */
export const PRIVILEGED: readonly Instruction[] = [
  bare("ecall", 0x0000_0073, SYSTEM.ecall, "I"),
  bare("ebreak", 0x0010_0073, SYSTEM.ebreak, "I"),
  bare("sret", 0x1020_0073, SYSTEM.sret, "privileged"),
  bare("mret", 0x3020_0073, SYSTEM.mret, "privileged"),
  {
    ...bare("wfi", 0x1050_0073, SYSTEM.wfi, "privileged"),
    // It goes on at once where an interrupt is pending.
    flow: "next",
    semantics: (builder) => builder.system(SYSTEM.wfi, builder.constant32(0)),
  },
  {
    name: "sfence.vma",
    extension: "privileged",
    format: "sfence-vma",
    flow: "next",
    ...encoding({ opcode: 0x73, funct7: 0x09, funct3: 0, rd: 0 }),
    semantics: (builder, { rs1 }) => {
      builder.setState(OP.i64Store, STATE.address, builder.get(rs1));
      builder.system(SYSTEM.sfenceVma, builder.immediate32());
    },
  },
  {
    name: "fence.i",
    extension: "Zifencei",
    format: "none",
    flow: "end",
    // The other fields are for finer fences to come, and are ignored.
    ...encoding({ opcode: 0x0f, funct3: 1 }),
    semantics: (builder) => builder.systemEnd(SYSTEM.fenceI, builder.constant32(0)),
  },
];
