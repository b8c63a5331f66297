import type { Value } from "../../ir/block.ts";
import type { IrBuilder, Semantics } from "../../ir/port.ts";
import { OP } from "../../wasm/opcodes.ts";
import { floatArithmetic, PRECISION_CONVERSIONS } from "./float-arithmetic.ts";
import { classification } from "./float-class.ts";
import { DOUBLE, HALF, operationFields, type Precision, SINGLE, toInstruction } from "./float-precision.ts";
import type { Instruction } from "./instruction.ts";
import { effectiveAddress } from "./semantics.ts";

function memory(precision: Precision): readonly Instruction[] {
  const { letter } = precision;
  const load: Semantics = (builder, { rd, rs1 }) => {
    builder.requireFloat();
    builder.set(rd, precision.box(builder, builder.load(precision.load, effectiveAddress(builder, rs1))));
  };
  const store: Semantics = (builder, { rs1, rs2 }) => {
    builder.requireFloat();
    builder.store(precision.store, effectiveAddress(builder, rs1), builder.get(rs2));
  };
  const fields = { funct3: precision.width };
  return [
    toInstruction(precision, {
      name: `fl${letter}`,
      format: "float-load",
      fields: { opcode: 0x07, ...fields },
      semantics: load,
    }),
    toInstruction(precision, {
      name: `fs${letter}`,
      format: "float-store",
      fields: { opcode: 0x27, ...fields },
      semantics: store,
    }),
  ];
}

/** A sign bit from the signs of both operands, in place of the first's. */
type SignOperation = (builder: IrBuilder, a: Value, b: Value) => Value;

const SIGNS: readonly (readonly [name: string, funct3: number, sign: SignOperation])[] = [
  ["fsgnj", 0, (_builder, _a, b) => b],
  ["fsgnjn", 1, (builder, _a, b) => builder.op(OP.i64Xor, b, builder.constant(-1))],
  ["fsgnjx", 2, (builder, a, b) => builder.op(OP.i64Xor, a, b)],
];

function signInjection(precision: Precision, operation: SignOperation): Semantics {
  return (builder, { rd, rs1, rs2 }) => {
    builder.requireFloat();
    const [a, b] = [precision.unbox(builder, rs1), precision.unbox(builder, rs2)];
    const sign = builder.op(OP.i64And, operation(builder, a, b), precision.sign(builder));
    const rest = builder.op(OP.i64And, a, builder.op(OP.i64Xor, precision.sign(builder), builder.constant(-1)));
    builder.set(rd, builder.op(OP.i64Or, rest, sign));
  };
}

function signs(precision: Precision): readonly Instruction[] {
  return SIGNS.map(([name, funct3, operation]) =>
    toInstruction(precision, {
      name: `${name}.${precision.suffix}`,
      format: "float-select",
      fields: operationFields(precision, 0x04, { funct3 }),
      semantics: signInjection(precision, operation),
    }),
  );
}

function moves(precision: Precision): readonly Instruction[] {
  const { letter } = precision;
  const fields = { rs2: 0, funct3: 0 };
  const out: Semantics = (builder, { rd, rs1 }) => {
    builder.requireFloat();
    builder.set(rd, precision.signExtend(builder, builder.get(rs1)));
  };
  const into: Semantics = (builder, { rd, rs1 }) => {
    builder.requireFloat();
    builder.set(rd, precision.box(builder, builder.get(rs1)));
  };
  return [
    toInstruction(precision, {
      name: `fmv.x.${letter}`,
      format: "float-move-out",
      fields: operationFields(precision, 0x1c, fields),
      semantics: out,
    }),
    toInstruction(precision, {
      name: `fmv.${letter}.x`,
      format: "float-move-in",
      fields: operationFields(precision, 0x1e, fields),
      semantics: into,
    }),
  ];
}

function ofPrecision(precision: Precision): readonly Instruction[] {
  return [memory, floatArithmetic, classification, signs, moves].flatMap((rows) => rows(precision));
}

/**
 * "F" Extension for Single-Precision Floating-Point, "D" Extension for Double-Precision Floating-Point, and "Zfh" Extension for
 * Half-Precision Floating-Point.
 */
export const FLOATING: readonly Instruction[] = [
  ...[SINGLE, DOUBLE, HALF].flatMap(ofPrecision),
  ...PRECISION_CONVERSIONS,
];
