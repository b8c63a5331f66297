import type { Value } from "../../ir/block.ts";
import type { IrBuilder, Semantics } from "../../ir/port.ts";
import { OP } from "../../wasm/opcodes.ts";
import type { FormatName } from "./format.ts";
import { HOST_DOUBLE, HOST_SINGLE, type HostFormat } from "./float-host.ts";
import { encoding, type Fields, type Instruction } from "./instruction.ts";

/** Single or double precision: what their instructions differ in. */
export type Precision = {
  readonly extension: "F" | "D";
  readonly suffix: "s" | "d";
  /** `fmt`, the lowest two bits of funct7. */
  readonly format: 0 | 1;
  /** funct3 of loads and stores. */
  readonly width: 2 | 3;
  readonly load: number;
  readonly store: number;
  /** An operand from a register, and a result for one. */
  readonly unbox: (builder: IrBuilder, register: number) => Value;
  readonly box: (builder: IrBuilder, value: Value) => Value;
  /** Bit 31 or 63, as i64. */
  readonly sign: (builder: IrBuilder) => Value;
  /** How WebAssembly computes in it. */
  readonly host: HostFormat;
};

/** "NaN Boxing of Narrower Values": ones above an f32. */
function box(builder: IrBuilder, value: Value): Value {
  return builder.op(OP.i64Or, value, builder.constant(0, -1));
}

/** The bits of an f32 in a register, with what stands above them; the canonical NaN where those are not all ones. */
function unbox(builder: IrBuilder, register: number): Value {
  const value = builder.get(register);
  const isBoxed = builder.op(OP.i64GeU, value, builder.constant(0, -1));
  return builder.select(isBoxed, value, builder.constant(0x7fc0_0000, -1));
}

/** `.s`: 32 bits. */
export const SINGLE: Precision = {
  extension: "F",
  suffix: "s",
  format: 0,
  width: 2,
  load: OP.i64Load32U,
  store: OP.i64Store32,
  unbox,
  box,
  sign: (builder) => builder.constant(0x8000_0000 | 0, 0),
  host: HOST_SINGLE,
};

/** `.d`: 64 bits. */
export const DOUBLE: Precision = {
  extension: "D",
  suffix: "d",
  format: 1,
  width: 3,
  load: OP.i64Load,
  store: OP.i64Store,
  unbox: (builder, register) => builder.get(register),
  box: (_builder, value) => value,
  sign: (builder) => builder.constant(0, 0x8000_0000 | 0),
  host: HOST_DOUBLE,
};

/** What an instruction has besides its precision. */
export type FloatRow = {
  readonly name: string;
  readonly format: FormatName;
  readonly fields: Fields;
  readonly semantics: Semantics;
};

/** A floating-point instruction; all of them go on with the next one. */
export function toInstruction(precision: Precision, { name, format, fields, semantics }: FloatRow): Instruction {
  const { extension } = precision;
  return { name, extension, format, flow: "next", float: true, ...encoding(fields), semantics };
}

/** Fixed fields of the major opcode OP-FP. */
export function operationFields(precision: Precision, funct5: number, rest: Partial<Fields> = {}): Fields {
  return { opcode: 0x53, funct7: (funct5 << 2) | precision.format, ...rest };
}
