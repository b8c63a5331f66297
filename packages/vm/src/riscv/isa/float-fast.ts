/**
 * Where WebAssembly's own arithmetic gives an instruction's result and raises no flag that isn't raised already: float/fast-path.ts says
 * why. All conditions here are those or narrower ones.
 */
import { ROUNDING } from "../../float/format.ts";
import type { Value } from "../../ir/block.ts";
import type { IrBuilder, Operands } from "../../ir/port.ts";
import { STATE } from "../../memory/layout.ts";
import { OP } from "../../wasm/opcodes.ts";
import type { Computed, HostFormat } from "./float-host.ts";

/** What the host makes of an instruction (i64, for the register), and where that counts (i32). */
export type Fast = { readonly holds: Value; readonly result: Value };

/** Computes on the host. Raises nothing, changes nothing. */
export type FastPath = (builder: IrBuilder, operands: Operands) => Fast;

/** Of a row that stands for both precisions. */
export type FastPathOf = (host: HostFormat) => FastPath;

/** Arithmetic of WebAssembly, as its instructions are called. */
type Arithmetic = "Add" | "Sub" | "Mul" | "Div";

/** All of some conditions. */
export function all(builder: IrBuilder, conditions: readonly Value[]): Value {
  return conditions.reduce((both, condition) => builder.op(OP.i32And, both, condition));
}

/** The instruction rounds to nearest-even, and a result that is not exact raises nothing new. */
export function isNearest(builder: IrBuilder): Value {
  const next = builder.op(OP.i32Add, builder.rounding(), builder.constant32(1));
  const isNearestOrDynamic = builder.op(
    OP.i32LtU,
    builder.op(OP.i32And, next, builder.constant32(ROUNDING.dynamic)),
    builder.constant32(2),
  );
  return builder.op(OP.i32And, builder.state(OP.i32Load, STATE.floatFast), isNearestOrDynamic);
}

/** The rounding mode is one, as far as the instruction tells: exact results ask no more. */
export function isRounding(builder: IrBuilder): Value {
  return builder.op(OP.i32LtU, builder.rounding(), builder.constant32(ROUNDING.nearestAway + 1));
}

/** A result's biased exponent is a bound or more, and not an infinity's. */
function isBetween(builder: IrBuilder, host: HostFormat, { exponent }: Computed, least: number): Value {
  const above = builder.op(OP.i32Sub, exponent, builder.constant32(least));
  return builder.op(OP.i32LtU, above, builder.constant32(host.infiniteExponent - least));
}

/** `computed` is right, and no infinity. */
export function isFinite(builder: IrBuilder, host: HostFormat, computed: Computed): Value {
  return isBetween(builder, host, computed, host.leastExponent);
}

/** Twice the smallest normal number or more, and finite: neither tiny nor too large, before it was rounded or after. */
export function isNormal(builder: IrBuilder, host: HostFormat, computed: Computed): Value {
  return isBetween(builder, host, computed, 2);
}

/** fadd, fsub: what is small is exact. fmul, fdiv: what is small may have been rounded. */
export function fastArithmetic(operation: Arithmetic): FastPathOf {
  const isSafe = operation === "Add" || operation === "Sub" ? isFinite : isNormal;
  return (host) =>
    (builder, { rs1, rs2 }) => {
      const number = builder.op(OP[`${host.name}${operation}`], host.number(builder, rs1), host.number(builder, rs2));
      const computed = host.computed(builder, number);
      const holds = [isSafe(builder, host, computed), ...host.isReadable(builder, rs1, rs2), isNearest(builder)];
      return { holds: all(builder, holds), result: computed.bits };
    };
}

/** fsqrt: roots are neither too large nor too small. */
export const fastRoot: FastPathOf =
  (host) =>
  (builder, { rs1 }) => {
    const computed = host.computed(builder, builder.op(OP[`${host.name}Sqrt`], host.number(builder, rs1)));
    const holds = [isFinite(builder, host, computed), ...host.isReadable(builder, rs1), isNearest(builder)];
    return { holds: all(builder, holds), result: computed.bits };
  };

/** Neither is NaN. */
function isOrdered(builder: IrBuilder, host: HostFormat, a: Value, b: Value): Value {
  return builder.op(OP.i32Or, builder.op(OP[`${host.name}Le`], a, b), builder.op(OP[`${host.name}Gt`], a, b));
}

/** fmin, fmax: the host, too, takes -0 for less than 0. */
export function fastExtreme(operation: "Min" | "Max"): FastPathOf {
  return (host) =>
    (builder, { rs1, rs2 }) => {
      const [a, b] = [host.number(builder, rs1), host.number(builder, rs2)];
      const computed = host.computed(builder, builder.op(OP[`${host.name}${operation}`], a, b));
      const isWhole = host.leastExponent === 0 ? [] : [isFinite(builder, host, computed)];
      const holds = [isOrdered(builder, host, a, b), ...isWhole, ...host.isReadable(builder, rs1, rs2)];
      return { holds: all(builder, holds), result: computed.bits };
    };
}

/** feq, flt, fle. */
export function fastComparison(operation: "Eq" | "Lt" | "Le"): FastPathOf {
  return (host) =>
    (builder, { rs1, rs2 }) => {
      const [a, b] = [host.number(builder, rs1), host.number(builder, rs2)];
      const holds = [isOrdered(builder, host, a, b), ...host.isReadable(builder, rs1, rs2)];
      const result = builder.op(OP.i64ExtendI32U, builder.op(OP[`${host.name}${operation}`], a, b));
      return { holds: all(builder, holds), result };
    };
}
