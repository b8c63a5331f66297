import {
  DOUBLE as DOUBLE_FORMAT,
  type FloatFormat,
  HALF as HALF_FORMAT,
  SINGLE as SINGLE_FORMAT,
} from "../../float/format.ts";
import type { Value } from "../../ir/block.ts";
import type { IrBuilder, Semantics } from "../../ir/port.ts";
import { OP } from "../../wasm/opcodes.ts";
import type { FormatName } from "./format.ts";
import { HOST_DOUBLE, HOST_HALF, HOST_SINGLE, type HostFormat } from "./float-host.ts";
import { encoding, type Fields, type Instruction } from "./instruction.ts";

/** Half, single or double precision: what their instructions differ in. */
export type Precision = {
  readonly extension: "F" | "D" | "Zfh";
  readonly suffix: "s" | "d" | "h";
  /** What loads, stores and moves have in place of the suffix. */
  readonly letter: "w" | "d" | "h";
  readonly format: FloatFormat;
  /** funct3 of loads and stores. */
  readonly width: 1 | 2 | 3;
  readonly load: number;
  readonly store: number;
  /** An operand from a register, and a result for one. */
  readonly unbox: (builder: IrBuilder, register: number) => Value;
  readonly box: (builder: IrBuilder, value: Value) => Value;
  /** A register's bits for an integer register: sign-extended. */
  readonly signExtend: (builder: IrBuilder, value: Value) => Value;
  /** Bit 15, 31 or 63, as i64. */
  readonly sign: (builder: IrBuilder) => Value;
  /** How WebAssembly computes in it. */
  readonly host: HostFormat;
};

/** Where a narrower format stands in a register of 64 bits: ones above it, as halves, and the canonical NaN's lower half. */
type Boxing = { readonly low: number; readonly high: number; readonly canonicalNaN: number };

/** "NaN Boxing of Narrower Values". What is not boxed is the canonical NaN. */
function boxing({ low, high, canonicalNaN }: Boxing): Pick<Precision, "unbox" | "box"> {
  return {
    box: (builder, value) => builder.op(OP.i64Or, value, builder.constant(low, high)),
    unbox: (builder, register) => {
      const value = builder.get(register);
      const isBoxed = builder.op(OP.i64GeU, value, builder.constant(low, high));
      return builder.select(isBoxed, value, builder.constant(low | canonicalNaN, high));
    },
  };
}

/** `.s`: 32 bits. */
export const SINGLE: Precision = {
  extension: "F",
  suffix: "s",
  letter: "w",
  format: SINGLE_FORMAT,
  width: 2,
  load: OP.i64Load32U,
  store: OP.i64Store32,
  ...boxing({ low: 0, high: -1, canonicalNaN: 0x7fc0_0000 }),
  signExtend: (builder, value) => builder.op(OP.i64Extend32S, value),
  sign: (builder) => builder.constant(0x8000_0000 | 0, 0),
  host: HOST_SINGLE,
};

/** `.d`: 64 bits. */
export const DOUBLE: Precision = {
  extension: "D",
  suffix: "d",
  letter: "d",
  format: DOUBLE_FORMAT,
  width: 3,
  load: OP.i64Load,
  store: OP.i64Store,
  unbox: (builder, register) => builder.get(register),
  box: (_builder, value) => value,
  signExtend: (_builder, value) => value,
  sign: (builder) => builder.constant(0, 0x8000_0000 | 0),
  host: HOST_DOUBLE,
};

/** `.h`: 16 bits. */
export const HALF: Precision = {
  extension: "Zfh",
  suffix: "h",
  letter: "h",
  format: HALF_FORMAT,
  width: 1,
  load: OP.i64Load16U,
  store: OP.i64Store16,
  ...boxing({ low: 0xffff_0000 | 0, high: -1, canonicalNaN: 0x7e00 }),
  signExtend: (builder, value) => builder.op(OP.i64Extend16S, value),
  sign: (builder) => builder.constant(0x8000, 0),
  host: HOST_HALF,
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
  return { opcode: 0x53, funct7: (funct5 << 2) | precision.format.code, ...rest };
}
