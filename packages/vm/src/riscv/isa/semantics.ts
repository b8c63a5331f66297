import type { Value } from "../../ir/block.ts";
import type { IrBuilder, Semantics } from "../../ir/port.ts";
import { OP } from "../../wasm/opcodes.ts";

/** What an instruction makes of two i64; the second may be a register or an immediate. */
export type Operation = (builder: IrBuilder, a: Value, b: Value) => Value;

/** What an instruction makes of one i64. */
export type UnaryOperation = (builder: IrBuilder, a: Value) => Value;

/** rd = operation(rs1, rs2). */
export function ofRegisters(operation: Operation): Semantics {
  return (builder, { rd, rs1, rs2 }) => {
    builder.set(rd, operation(builder, builder.get(rs1), builder.get(rs2)));
  };
}

/** rd = operation(rs1, immediate). */
export function ofImmediate(operation: Operation): Semantics {
  return (builder, { rd, rs1 }) => {
    builder.set(rd, operation(builder, builder.get(rs1), builder.immediate()));
  };
}

/** rd = operation(rs1). */
export function ofRegister(operation: UnaryOperation): Semantics {
  return (builder, { rd, rs1 }) => {
    builder.set(rd, operation(builder, builder.get(rs1)));
  };
}

/** One i64 instruction of WebAssembly. Its shifts take the amount modulo 64, as RISC-V's do. */
export function whole(opcode: number): Operation {
  return (builder, a, b) => builder.op(opcode, a, b);
}

/** An i32 instruction on the lower halves, sign-extended. Its shifts take the amount modulo 32. V8 leaves out what extends a value that is halved again. */
export function word(opcode: number): Operation {
  return ofWords((builder, a, b) => builder.op(opcode, a, b));
}

/** An operation on two i32, sign-extended. */
export function ofWords(operation: Operation): Operation {
  return (builder, a, b) => {
    const result = operation(builder, builder.op(OP.i32WrapI64, a), builder.op(OP.i32WrapI64, b));
    return builder.op(OP.i64ExtendI32S, result);
  };
}

/** A comparison: 1 or 0. */
export function comparison(opcode: number): Operation {
  return (builder, a, b) => builder.op(OP.i64ExtendI32U, builder.op(opcode, a, b));
}

/** One of both: the first where a comparison of i64 holds. */
export function chosen(comparison: number): Operation {
  return (builder, a, b) => builder.select(builder.op(comparison, a, b), a, b);
}

/** The lower 32 bits, zero-extended. */
export function zeroExtendWord(builder: IrBuilder, value: Value): Value {
  return builder.op(OP.i64ExtendI32U, builder.op(OP.i32WrapI64, value));
}

/** rs1 plus the immediate: the address of loads and stores. */
export function effectiveAddress(builder: IrBuilder, base: number): Value {
  return builder.op(OP.i64Add, builder.get(base), builder.immediate());
}

/** A constant i64, some places up. @param value 32 bits at most, or as many as remain above the places */
export function placed(builder: IrBuilder, value: number, places: number): Value {
  return places < 32 ? builder.constant(value << places, 0) : builder.constant(0, value << (places - 32));
}
