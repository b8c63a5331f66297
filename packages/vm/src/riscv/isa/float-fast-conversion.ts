/** Conversions on WebAssembly's arithmetic: see float-fast.ts. */
import { FLOAT_FLAG, ROUNDING } from "../../float/format.ts";
import type { Value } from "../../ir/block.ts";
import type { IrBuilder } from "../../ir/port.ts";
import { STATE } from "../../memory/layout.ts";
import { OP } from "../../wasm/opcodes.ts";
import { all, type FastPath, type FastPathOf, isFinite, isNearest, isNormal, isRounding } from "./float-fast.ts";
import { HOST_DOUBLE, type HostFormat } from "./float-host.ts";

/** fcvt to a narrower format. */
export function fastNarrow(source: HostFormat, target: HostFormat): FastPath {
  return (builder, { rs1 }) => {
    const computed = target.computed(builder, target.narrow(builder, source.wide(builder, rs1)));
    const holds = [isNormal(builder, target, computed), ...source.isReadable(builder, rs1), isNearest(builder)];
    return { holds: all(builder, holds), result: computed.bits };
  };
}

/** fcvt to a wider format: exact, unless it is NaN. */
export function fastWiden(source: HostFormat, target: HostFormat): FastPath {
  return (builder, { rs1 }) => {
    const number = source.wide(builder, rs1);
    const holds = [builder.op(OP.f64Eq, number, number), ...source.isReadable(builder, rs1), isRounding(builder)];
    return { holds: all(builder, holds), result: target.computed(builder, target.narrow(builder, number)).bits };
  };
}

/** The integers of conversions, as WebAssembly calls them. */
export type IntegerName = "I32S" | "I32U" | "I64S" | "I64U";

/** From integers. Those of 32 bits are exact as f64. */
export function fastFromInteger(integer: IntegerName): FastPathOf {
  const isWord = integer.startsWith("I32");
  return (host) =>
    (builder, { rs1 }) => {
      const value = builder.get(rs1);
      const operand = isWord ? builder.op(OP.i32WrapI64, value) : value;
      const computed = host.computed(builder, builder.op(OP[`${host.name}Convert${integer}`], operand));
      const isWhole = host.leastExponent === 0 ? [] : [isFinite(builder, host, computed)];
      const isExact = isWord && host === HOST_DOUBLE;
      const holds = [isExact ? isRounding(builder) : isNearest(builder), ...isWhole];
      return { holds: all(builder, holds), result: computed.bits };
    };
}

/** Bits of 1.5 * 2^52, upper half: an integer up to 2^51 in magnitude, added to that, stands in the sum's lower bits. */
const SHIFTER_HIGH = 0x4338_0000;
/** Bits of 2^51, upper half. */
const SHIFTED_LIMIT_HIGH = 0x4320_0000;
/** Bits of the number before a half, upper half; the lower one is all ones. */
const BELOW_HALF_HIGH = 0x3fdf_ffff;

/** True where an i64 is a number of the type. */
const IN_RANGE: Readonly<Record<IntegerName, (builder: IrBuilder, integer: Value) => readonly Value[]>> = {
  I32S: (builder, integer) => [builder.op(OP.i64Eq, builder.op(OP.i64Extend32S, integer), integer)],
  I32U: (builder, integer) => [builder.op(OP.i64LtU, integer, builder.constant(0, 1))],
  I64S: () => [],
  I64U: (builder, integer) => [builder.op(OP.i64GeS, integer, builder.constant(0))],
};

/** To the nearest integer, halves away from zero, below 2^51: all but halves and more come to the next integer by what is added. */
function nearestAway(builder: IrBuilder, number: Value): Value {
  const sign = builder.op(OP.i64And, builder.op(OP.i64ReinterpretF64, number), builder.constant(0, 0x8000_0000 | 0));
  const belowHalf = builder.op(OP.i64Or, sign, builder.constant(-1, BELOW_HALF_HIGH));
  return builder.op(OP.f64Trunc, builder.op(OP.f64Add, number, builder.op(OP.f64ReinterpretI64, belowHalf)));
}

/** An integral number in the instruction's rounding mode; nearest-even where that is dynamic. */
function roundToIntegral(builder: IrBuilder, number: Value): Value {
  const ways: readonly (readonly [mode: number, integral: Value])[] = [
    [ROUNDING.towardZero, builder.op(OP.f64Trunc, number)],
    [ROUNDING.down, builder.op(OP.f64Floor, number)],
    [ROUNDING.up, builder.op(OP.f64Ceil, number)],
    [ROUNDING.nearestAway, nearestAway(builder, number)],
  ];
  return ways.reduce(
    (otherwise, [mode, integral]) => {
      const isMode = builder.op(OP.i32Eq, builder.rounding(), builder.constant32(mode));
      return builder.select(isMode, integral, otherwise);
    },
    builder.op(OP.f64Nearest, number),
  );
}

/** The mode is the instruction's own, or frm's, and that is nearest-even: frm is asked only where it counts. */
function isKnownRounding(builder: IrBuilder): Value {
  const isKnown = builder.choose(isRounding(builder), builder.constant(1), () => {
    const isDynamic = builder.op(OP.i32Eq, builder.rounding(), builder.constant32(ROUNDING.dynamic));
    const isNearestEven = builder.op(OP.i32Eqz, builder.state(OP.i32Load, STATE.floatRounding));
    return builder.op(OP.i64ExtendI32U, builder.op(OP.i32And, isNearestEven, isDynamic));
  });
  return builder.op(OP.i32WrapI64, isKnown);
}

/** To integers, below 2^51 in magnitude, and with NX raised already. */
export function fastToInteger(type: IntegerName): FastPathOf {
  return (host) =>
    (builder, { rs1 }) => {
      const isKnown = isKnownRounding(builder);
      const number = host.wide(builder, rs1);
      const integral = roundToIntegral(builder, number);
      const shifter = builder.constant(0, SHIFTER_HIGH);
      const double = (bits: Value): Value => builder.op(OP.f64ReinterpretI64, bits);
      const sum = builder.op(OP.f64Add, integral, double(shifter));
      const integer = builder.op(OP.i64Sub, builder.op(OP.i64ReinterpretF64, sum), shifter);
      const limit = double(builder.constant(0, SHIFTED_LIMIT_HIGH));
      const holds = [
        builder.op(OP.i32And, builder.state(OP.i32Load, STATE.floatFlags), builder.constant32(FLOAT_FLAG.inexact)),
        builder.op(OP.f64Lt, builder.op(OP.f64Abs, number), limit),
        ...IN_RANGE[type](builder, integer),
        ...host.isReadable(builder, rs1),
        isKnown,
      ];
      const result = type === "I32U" ? builder.op(OP.i64Extend32S, integer) : integer;
      return { holds: all(builder, holds), result };
    };
}
