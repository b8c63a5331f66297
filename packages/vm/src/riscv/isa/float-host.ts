import type { Value } from "../../ir/block.ts";
import type { IrBuilder } from "../../ir/port.ts";
import { OP } from "../../wasm/opcodes.ts";

/** What the host has computed: bits for a register (i64), and the biased exponent (i32). */
export type Computed = { readonly bits: Value; readonly exponent: Value };

/** A format of numbers, as WebAssembly works on it. */
export type HostFormat = {
  readonly name: "f32" | "f64";
  /** Biased exponent of infinities and NaNs. */
  readonly infiniteExponent: number;
  /** A register's number, of the type `name`; wrong where the register is not boxed rightly. */
  readonly number: (builder: IrBuilder, register: number) => Value;
  /** As `number`, as f64. */
  readonly wide: (builder: IrBuilder, register: number) => Value;
  /** Conditions (i32): the registers are boxed rightly. */
  readonly isBoxed: (builder: IrBuilder, ...registers: readonly number[]) => readonly Value[];
  readonly computed: (builder: IrBuilder, number: Value) => Computed;
};

function single(builder: IrBuilder, register: number): Value {
  return builder.op(OP.f32ReinterpretI32, builder.op(OP.i32WrapI64, builder.get(register)));
}

function double(builder: IrBuilder, register: number): Value {
  return builder.op(OP.f64ReinterpretI64, builder.get(register));
}

/** f32, boxed in registers of 64 bits: ones above it ("NaN Boxing of Narrower Values"). */
export const HOST_SINGLE: HostFormat = {
  name: "f32",
  infiniteExponent: 0xff,
  number: single,
  wide: (builder, register) => builder.op(OP.f64PromoteF32, single(builder, register)),
  isBoxed: (builder, ...registers) => {
    const ones = builder.constant(0, -1);
    const common = registers.map((register) => builder.get(register)).reduce((a, b) => builder.op(OP.i64And, a, b));
    return [builder.op(OP.i64GeU, common, ones)];
  },
  computed: (builder, number) => {
    const bits = builder.op(OP.i32ReinterpretF32, number);
    const shifted = builder.op(OP.i32ShrU, bits, builder.constant32(23));
    return {
      bits: builder.op(OP.i64Or, builder.op(OP.i64ExtendI32U, bits), builder.constant(0, -1)),
      exponent: builder.op(OP.i32And, shifted, builder.constant32(0xff)),
    };
  },
};

/** f64. */
export const HOST_DOUBLE: HostFormat = {
  name: "f64",
  infiniteExponent: 0x7ff,
  number: double,
  wide: double,
  isBoxed: () => [],
  computed: (builder, number) => {
    const bits = builder.op(OP.i64ReinterpretF64, number);
    const shifted = builder.op(OP.i32WrapI64, builder.op(OP.i64ShrU, bits, builder.constant(52)));
    return { bits, exponent: builder.op(OP.i32And, shifted, builder.constant32(0x7ff)) };
  },
};
