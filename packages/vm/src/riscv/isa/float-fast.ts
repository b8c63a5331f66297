/**
 * Where WebAssembly's own arithmetic gives an instruction's result and raises no flag that isn't raised already: float/fast-path.ts says
 * why. All conditions here are those or narrower ones.
 */
import { ROUNDING } from "../../float/format.ts";
import type { Value } from "../../ir/block.ts";
import type { IrBuilder, Operands } from "../../ir/port.ts";
import { STATE } from "../../memory/layout.ts";
import { OP } from "../../wasm/opcodes.ts";
import { type Computed, HOST_DOUBLE, HOST_SINGLE, type HostFormat } from "./float-host.ts";

/** What the host makes of an instruction (i64, for the register), and where that counts (i32). */
export type Fast = { readonly holds: Value; readonly result: Value };

/** Computes on the host. Raises nothing, changes nothing. */
export type FastPath = (builder: IrBuilder, operands: Operands) => Fast;

/** Of a row that stands for both precisions. */
export type FastPathOf = (host: HostFormat) => FastPath;

/** Arithmetic of WebAssembly, as its instructions are called. */
type Arithmetic = "Add" | "Sub" | "Mul" | "Div";

function all(builder: IrBuilder, conditions: readonly Value[]): Value {
  return conditions.reduce((both, condition) => builder.op(OP.i32And, both, condition));
}

/** The instruction rounds to nearest-even, and a result that is not exact raises nothing new. */
function isNearest(builder: IrBuilder): Value {
  const next = builder.op(OP.i32Add, builder.rounding(), builder.constant32(1));
  const isNearestOrDynamic = builder.op(
    OP.i32LtU,
    builder.op(OP.i32And, next, builder.constant32(ROUNDING.dynamic)),
    builder.constant32(2),
  );
  return builder.op(OP.i32And, builder.state(OP.i32Load, STATE.floatFast), isNearestOrDynamic);
}

/** The rounding mode is one, as far as the instruction tells: exact results ask no more. */
function isRounding(builder: IrBuilder): Value {
  return builder.op(OP.i32LtU, builder.rounding(), builder.constant32(ROUNDING.nearestAway + 1));
}

function isFinite(builder: IrBuilder, host: HostFormat, { exponent }: Computed): Value {
  return builder.op(OP.i32Ne, exponent, builder.constant32(host.infiniteExponent));
}

/** Twice the smallest normal number or more, and finite: neither tiny nor too large, before it was rounded or after. */
function isNormal(builder: IrBuilder, host: HostFormat, { exponent }: Computed): Value {
  const above = builder.op(OP.i32Sub, exponent, builder.constant32(2));
  return builder.op(OP.i32LtU, above, builder.constant32(host.infiniteExponent - 2));
}

/** fadd, fsub: what is small is exact. fmul, fdiv: what is small may have been rounded. */
export function fastArithmetic(operation: Arithmetic): FastPathOf {
  const isSafe = operation === "Add" || operation === "Sub" ? isFinite : isNormal;
  return (host) =>
    (builder, { rs1, rs2 }) => {
      const number = builder.op(OP[`${host.name}${operation}`], host.number(builder, rs1), host.number(builder, rs2));
      const computed = host.computed(builder, number);
      const holds = [isSafe(builder, host, computed), ...host.isBoxed(builder, rs1, rs2), isNearest(builder)];
      return { holds: all(builder, holds), result: computed.bits };
    };
}

/** fsqrt: roots are neither too large nor too small. */
export const fastRoot: FastPathOf =
  (host) =>
  (builder, { rs1 }) => {
    const computed = host.computed(builder, builder.op(OP[`${host.name}Sqrt`], host.number(builder, rs1)));
    const holds = [isFinite(builder, host, computed), ...host.isBoxed(builder, rs1), isNearest(builder)];
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
      const { bits } = host.computed(builder, builder.op(OP[`${host.name}${operation}`], a, b));
      const holds = [isOrdered(builder, host, a, b), ...host.isBoxed(builder, rs1, rs2)];
      return { holds: all(builder, holds), result: bits };
    };
}

/** feq, flt, fle. */
export function fastComparison(operation: "Eq" | "Lt" | "Le"): FastPathOf {
  return (host) =>
    (builder, { rs1, rs2 }) => {
      const [a, b] = [host.number(builder, rs1), host.number(builder, rs2)];
      const holds = [isOrdered(builder, host, a, b), ...host.isBoxed(builder, rs1, rs2)];
      const result = builder.op(OP.i64ExtendI32U, builder.op(OP[`${host.name}${operation}`], a, b));
      return { holds: all(builder, holds), result };
    };
}

/** How a fused operation joins product and addend. */
type Join = (builder: IrBuilder, product: Value, addend: Value) => Value;

/**
 * Fused operations on f32. In f64 the product is exact and the sum rounded; rounding it again to f32 is as good as rounding once, unless
 * the sum is half-way between two f32: what made it so may have been on either side.
 */
export function fastFusedSingle(join: Join): FastPath {
  return (builder, { rs1, rs2, rs3 }) => {
    const [a, b, c] = [rs1, rs2, rs3].map((register) =>
      builder.op(OP.f64PromoteF32, HOST_SINGLE.number(builder, register)),
    ) as [Value, Value, Value];
    const sum = join(builder, builder.op(OP.f64Mul, a, b), c);
    const computed = HOST_SINGLE.computed(builder, builder.op(OP.f32DemoteF64, sum));
    const lost = builder.op(OP.i64And, builder.op(OP.i64ReinterpretF64, sum), builder.constant(0x1fff_ffff));
    const holds = [
      builder.op(OP.i64Ne, lost, builder.constant(0x1000_0000)),
      isNormal(builder, HOST_SINGLE, computed),
      ...HOST_SINGLE.isBoxed(builder, rs1, rs2, rs3),
      isNearest(builder),
    ];
    return { holds: all(builder, holds), result: computed.bits };
  };
}

/** fcvt.s.d. */
export const fastNarrow: FastPath = (builder, { rs1 }) => {
  const computed = HOST_SINGLE.computed(builder, builder.op(OP.f32DemoteF64, HOST_DOUBLE.number(builder, rs1)));
  return {
    holds: all(builder, [isNormal(builder, HOST_SINGLE, computed), isNearest(builder)]),
    result: computed.bits,
  };
};

/** fcvt.d.s: exact, unless it is NaN. */
export const fastWiden: FastPath = (builder, { rs1 }) => {
  const number = HOST_SINGLE.number(builder, rs1);
  const holds = [builder.op(OP.f32Eq, number, number), ...HOST_SINGLE.isBoxed(builder, rs1), isRounding(builder)];
  return {
    holds: all(builder, holds),
    result: HOST_DOUBLE.computed(builder, builder.op(OP.f64PromoteF32, number)).bits,
  };
};

/** The integers of conversions, as WebAssembly calls them. */
export type IntegerName = "I32S" | "I32U" | "I64S" | "I64U";

/** From integers. Those of 32 bits are exact as f64. */
export function fastFromInteger(integer: IntegerName): FastPathOf {
  const isWord = integer.startsWith("I32");
  return (host) =>
    (builder, { rs1 }) => {
      const value = builder.get(rs1);
      const operand = isWord ? builder.op(OP.i32WrapI64, value) : value;
      const number = builder.op(OP[`${host.name}Convert${integer}`], operand);
      const isExact = isWord && host === HOST_DOUBLE;
      return {
        holds: isExact ? isRounding(builder) : isNearest(builder),
        result: host.computed(builder, number).bits,
      };
    };
}

/** Bits of 1.5 * 2^52, upper half: an integer below 2^51 in magnitude, added to that, stands in the sum's lower bits. */
const SHIFTER_HIGH = 0x4338_0000;
/** Bits of 2^51, upper half. */
const SHIFTED_LIMIT_HIGH = 0x4320_0000;

/** True where an i64 is a number of the type. */
const IN_RANGE: Readonly<Record<IntegerName, (builder: IrBuilder, integer: Value) => readonly Value[]>> = {
  I32S: (builder, integer) => [builder.op(OP.i64Eq, builder.op(OP.i64Extend32S, integer), integer)],
  I32U: (builder, integer) => [builder.op(OP.i64LtU, integer, builder.constant(0, 1))],
  I64S: () => [],
  I64U: (builder, integer) => [builder.op(OP.i64GeS, integer, builder.constant(0))],
};

/** To integers, towards zero, as C does; below 2^51 in magnitude, and with NX raised already. */
export function fastToInteger(type: IntegerName): FastPathOf {
  return (host) =>
    (builder, { rs1 }) => {
      const number = host.wide(builder, rs1);
      const shifter = builder.constant(0, SHIFTER_HIGH);
      const double = (bits: Value): Value => builder.op(OP.f64ReinterpretI64, bits);
      const sum = builder.op(OP.f64Add, builder.op(OP.f64Trunc, number), double(shifter));
      const integer = builder.op(OP.i64Sub, builder.op(OP.i64ReinterpretF64, sum), shifter);
      const limit = double(builder.constant(0, SHIFTED_LIMIT_HIGH));
      const flags = builder.state(OP.i32Load, STATE.floatFlags);
      const holds = [
        builder.op(OP.i32And, flags, builder.op(OP.i32Eq, builder.rounding(), builder.constant32(ROUNDING.towardZero))),
        builder.op(OP.f64Lt, builder.op(OP.f64Abs, number), limit),
        ...IN_RANGE[type](builder, integer),
        ...host.isBoxed(builder, rs1),
      ];
      const result = type === "I32U" ? builder.op(OP.i64Extend32S, integer) : integer;
      return { holds: all(builder, holds), result };
    };
}
