import type { Value } from "../../ir/block.ts";
import type { IrBuilder, Operands, Semantics } from "../../ir/port.ts";
import { STATE } from "../../memory/layout.ts";
import { OP } from "../../wasm/opcodes.ts";
import { SYSTEM, type SystemOperation } from "../hart/port.ts";
import { encoding, type Instruction } from "./instruction.ts";

/** Where a CSR instruction's operand and the CSR's number (with rd's: see IMMEDIATES) come from. */
type Source = {
  readonly format: "csr" | "csr-immediate";
  readonly operand: (builder: IrBuilder, operands: Operands) => Value;
  readonly csr: (builder: IrBuilder) => Value;
};

const REGISTER: Source = {
  format: "csr",
  operand: (builder, { rs1 }) => builder.get(rs1),
  csr: (builder) => builder.immediate32(),
};

const IMMEDIATE: Source = {
  format: "csr-immediate",
  operand: (builder) => builder.op(OP.i64ShrU, builder.immediate(), builder.constant(17)),
  csr: (builder) => builder.immediate32(),
};

function access(source: Source, operation: SystemOperation): Semantics {
  return (builder, operands) => {
    builder.setState(OP.i64Store, STATE.value, source.operand(builder, operands));
    builder.system(operation, source.csr(builder));
    if (operation !== SYSTEM.csrWriteOnly) builder.set(operands.rd, builder.state(OP.i64Load, STATE.value));
  };
}

/** A CSR instruction. `zero` names the register field that must be x0 (or the immediate that must be 0) for this operation. */
type Row = { readonly funct3: number; readonly operation: SystemOperation; readonly zero?: "rd" | "rs1" };

function instruction(name: string, source: Source, { funct3, operation, zero }: Row): Instruction {
  const fields = encoding({ opcode: 0x73, funct3, ...(zero === undefined ? {} : { [zero]: 0 }) });
  const semantics = access(source, operation);
  return { name, extension: "Zicsr", format: source.format, flow: "next", ...fields, semantics };
}

/**
 * "Zicsr". Which of them read and which write is in "Conditions determining whether a CSR instruction reads or writes the specified CSR":
 * a register that is x0 is told by the encoding, so these have rows of their own, before the general ones.
 */
export const CSR: readonly Instruction[] = [
  instruction("csrrw", REGISTER, { funct3: 1, operation: SYSTEM.csrWriteOnly, zero: "rd" }),
  instruction("csrrw", REGISTER, { funct3: 1, operation: SYSTEM.csrWrite }),
  instruction("csrrs", REGISTER, { funct3: 2, operation: SYSTEM.csrRead, zero: "rs1" }),
  instruction("csrrs", REGISTER, { funct3: 2, operation: SYSTEM.csrSet }),
  instruction("csrrc", REGISTER, { funct3: 3, operation: SYSTEM.csrRead, zero: "rs1" }),
  instruction("csrrc", REGISTER, { funct3: 3, operation: SYSTEM.csrClear }),
  instruction("csrrwi", IMMEDIATE, { funct3: 5, operation: SYSTEM.csrWriteOnly, zero: "rd" }),
  instruction("csrrwi", IMMEDIATE, { funct3: 5, operation: SYSTEM.csrWrite }),
  instruction("csrrsi", IMMEDIATE, { funct3: 6, operation: SYSTEM.csrRead, zero: "rs1" }),
  instruction("csrrsi", IMMEDIATE, { funct3: 6, operation: SYSTEM.csrSet }),
  instruction("csrrci", IMMEDIATE, { funct3: 7, operation: SYSTEM.csrRead, zero: "rs1" }),
  instruction("csrrci", IMMEDIATE, { funct3: 7, operation: SYSTEM.csrClear }),
];
