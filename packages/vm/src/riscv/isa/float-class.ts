import type { Value } from "../../ir/block.ts";
import type { IrBuilder, Semantics } from "../../ir/port.ts";
import { OP } from "../../wasm/opcodes.ts";
import { operationFields, type Precision, toInstruction } from "./float-precision.ts";
import type { Instruction } from "./instruction.ts";
import { placed } from "./semantics.ts";

/**
 * Bits of fclass's result ("Single-Precision Floating-Point Classify Instruction"): bits 4 to 7 are the positive zero, subnormal and normal
 * numbers and infinity; the negative ones stand mirrored below; then NaNs.
 */
const PLACE = { positiveZero: 4, negativeMirror: 7, signallingNaN: 8 } as const;

/** The place of the bit to set, as i32: comparisons of the bits without sign count how far up a number is. */
function placeOf(builder: IrBuilder, bits: Value, precision: Precision): Value {
  const { precision: width } = precision.format;
  const { infiniteExponent } = precision.host;
  const sign = precision.sign(builder);
  const magnitude = builder.op(OP.i64And, bits, builder.op(OP.i64Sub, sign, builder.constant(1)));
  const reaches = (limit: Value): Value => builder.op(OP.i64GeU, magnitude, limit);
  const infinity = placed(builder, infiniteExponent, width - 1);
  const fromZero = [builder.constant(1), placed(builder, 1, width - 1), infinity]
    .map(reaches)
    .reduce((a, b) => builder.op(OP.i32Add, a, b), builder.constant32(PLACE.positiveZero));
  const mirrored = builder.op(OP.i32Xor, fromZero, builder.constant32(PLACE.negativeMirror));
  const isPositive = builder.op(OP.i64Eqz, builder.op(OP.i64And, bits, sign));
  const ofNumber = builder.select(isPositive, fromZero, mirrored);
  const isQuiet = reaches(placed(builder, infiniteExponent * 2 + 1, width - 2));
  const ofNaN = builder.op(OP.i32Add, isQuiet, builder.constant32(PLACE.signallingNaN));
  return builder.select(builder.op(OP.i64GtU, magnitude, infinity), ofNaN, ofNumber);
}

function classify(precision: Precision): Semantics {
  return (builder, { rd, rs1 }) => {
    builder.requireFloat();
    const place = placeOf(builder, precision.unbox(builder, rs1), precision);
    builder.set(rd, builder.op(OP.i64Shl, builder.constant(1), builder.op(OP.i64ExtendI32U, place)));
  };
}

/** fclass. */
export function classification(precision: Precision): readonly Instruction[] {
  return [
    toInstruction(precision, {
      name: `fclass.${precision.suffix}`,
      format: "float-move-out",
      fields: operationFields(precision, 0x1c, { rs2: 0, funct3: 1 }),
      semantics: classify(precision),
    }),
  ];
}
