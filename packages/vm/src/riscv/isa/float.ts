import { FLOAT } from "../../float/operations.ts";
import type { Value } from "../../ir/block.ts";
import type { IrBuilder, Semantics } from "../../ir/port.ts";
import { STATE } from "../../memory/layout.ts";
import { OP } from "../../wasm/opcodes.ts";
import type { FormatName } from "./format.ts";
import { encoding, type Fields, type Instruction } from "./instruction.ts";
import { effectiveAddress } from "./semantics.ts";

/** Single or double precision: what their instructions differ in. */
type Precision = {
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

const SINGLE: Precision = {
  extension: "F",
  suffix: "s",
  format: 0,
  width: 2,
  load: OP.i64Load32U,
  store: OP.i64Store32,
  unbox,
  box,
  sign: (builder) => builder.constant(0x8000_0000 | 0, 0),
};

const DOUBLE: Precision = {
  extension: "D",
  suffix: "d",
  format: 1,
  width: 3,
  load: OP.i64Load,
  store: OP.i64Store,
  unbox: (builder, register) => builder.get(register),
  box: (_builder, value) => value,
  sign: (builder) => builder.constant(0, 0x8000_0000 | 0),
};

const OPERANDS = [STATE.value, STATE.value2, STATE.value3] as const;

/**
 * All arithmetic, comparison and conversion: what may round, raise a flag, or meet a NaN. One place, so that there is one to make faster.
 * @param operation i32: one of FLOAT, with a rounding mode
 * @param sources the operands' registers, raw
 */
function compute(builder: IrBuilder, operation: Value, sources: readonly number[]): Value {
  for (const [index, offset] of OPERANDS.entries()) {
    const source = sources[index];
    if (source !== undefined) builder.setState(OP.i64Store, offset, builder.get(source));
  }
  builder.float(operation);
  return builder.state(OP.i64Load, STATE.value);
}

/** Adds the instruction's rounding mode to an operation. */
function withRounding(builder: IrBuilder, operation: number): Value {
  const rounding = builder.op(OP.i32Shl, builder.rounding(), builder.constant32(8));
  return builder.op(OP.i32Or, rounding, builder.constant32(operation));
}

/** How an operation gets its operands. */
type Kind = { readonly format: FormatName; readonly sources: 1 | 2 | 3; readonly rounds: boolean };

const ROUNDED: Kind = { format: "float-R", sources: 2, rounds: true };
const ROOT: Kind = { format: "float-unary", sources: 1, rounds: true };
const FUSED: Kind = { format: "R4", sources: 3, rounds: true };
const SELECTED: Kind = { format: "float-select", sources: 2, rounds: false };
const COMPARED: Kind = { format: "float-compare", sources: 2, rounds: false };
const CLASSIFIED: Kind = { format: "float-move-out", sources: 1, rounds: false };
const TO_INTEGER: Kind = { format: "float-to-integer", sources: 1, rounds: true };
const FROM_INTEGER: Kind = { format: "integer-to-float", sources: 1, rounds: true };

function computed(kind: Kind, operation: number): Semantics {
  return (builder, { rd, rs1, rs2, rs3 }) => {
    builder.requireFloat();
    const code = kind.rounds ? withRounding(builder, operation) : builder.constant32(operation);
    builder.set(rd, compute(builder, code, [rs1, rs2, rs3].slice(0, kind.sources)));
  };
}

/** An instruction by its name without the precision's suffix. */
type Row = {
  readonly name: string;
  readonly format: FormatName;
  readonly fields: Fields;
  readonly semantics: Semantics;
};

function toInstruction(precision: Precision, { name, format, fields, semantics }: Row): Instruction {
  const { extension } = precision;
  return { name, extension, format, flow: "next", float: true, ...encoding(fields), semantics };
}

/** Fields of OP-FP. */
function operationFields(precision: Precision, funct5: number, rest: Partial<Fields> = {}): Fields {
  return { opcode: 0x53, funct7: (funct5 << 2) | precision.format, ...rest };
}

function memory(precision: Precision): readonly Instruction[] {
  const letter = precision.format === 0 ? "w" : "d";
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
  const letter = precision.format === 0 ? "w" : "d";
  const fields = { rs2: 0, funct3: 0 };
  const out: Semantics = (builder, { rd, rs1 }) => {
    builder.requireFloat();
    const value = builder.get(rs1);
    builder.set(rd, precision.format === 0 ? builder.op(OP.i64Extend32S, value) : value);
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

/** Name, fixed fields, and the operation in both precisions. */
type ArithmeticRow = readonly [
  name: string,
  kind: Kind,
  fields: Partial<Fields> & { readonly funct5: number },
  operations: readonly [single: number, double: number],
];

const ARITHMETIC: readonly ArithmeticRow[] = [
  ["fadd", ROUNDED, { funct5: 0x00 }, [FLOAT.addS, FLOAT.addD]],
  ["fsub", ROUNDED, { funct5: 0x01 }, [FLOAT.subS, FLOAT.subD]],
  ["fmul", ROUNDED, { funct5: 0x02 }, [FLOAT.mulS, FLOAT.mulD]],
  ["fdiv", ROUNDED, { funct5: 0x03 }, [FLOAT.divS, FLOAT.divD]],
  ["fsqrt", ROOT, { funct5: 0x0b, rs2: 0 }, [FLOAT.sqrtS, FLOAT.sqrtD]],
  ["fmin", SELECTED, { funct5: 0x05, funct3: 0 }, [FLOAT.minS, FLOAT.minD]],
  ["fmax", SELECTED, { funct5: 0x05, funct3: 1 }, [FLOAT.maxS, FLOAT.maxD]],
  ["fle", COMPARED, { funct5: 0x14, funct3: 0 }, [FLOAT.leS, FLOAT.leD]],
  ["flt", COMPARED, { funct5: 0x14, funct3: 1 }, [FLOAT.ltS, FLOAT.ltD]],
  ["feq", COMPARED, { funct5: 0x14, funct3: 2 }, [FLOAT.eqS, FLOAT.eqD]],
  ["fclass", CLASSIFIED, { funct5: 0x1c, rs2: 0, funct3: 1 }, [FLOAT.classS, FLOAT.classD]],
];

function arithmetic(precision: Precision): readonly Instruction[] {
  return ARITHMETIC.map(([name, kind, { funct5, ...fields }, operations]) =>
    toInstruction(precision, {
      name: `${name}.${precision.suffix}`,
      format: kind.format,
      fields: operationFields(precision, funct5, fields),
      semantics: computed(kind, operations[precision.format]),
    }),
  );
}

const FUSED_ROWS = [
  ["fmadd", 0x43, [FLOAT.maddS, FLOAT.maddD]],
  ["fmsub", 0x47, [FLOAT.msubS, FLOAT.msubD]],
  ["fnmsub", 0x4b, [FLOAT.nmsubS, FLOAT.nmsubD]],
  ["fnmadd", 0x4f, [FLOAT.nmaddS, FLOAT.nmaddD]],
] as const;

function fused(precision: Precision): readonly Instruction[] {
  return FUSED_ROWS.map(([name, opcode, operations]) =>
    toInstruction(precision, {
      name: `${name}.${precision.suffix}`,
      format: "R4",
      fields: { opcode, funct2: precision.format },
      semantics: computed(FUSED, operations[precision.format]),
    }),
  );
}

/** Integer types, by what rs2 says, and the conversions to and from them. */
const INTEGERS = [
  ["w", [FLOAT.sToW, FLOAT.dToW], [FLOAT.wToS, FLOAT.wToD]],
  ["wu", [FLOAT.sToWu, FLOAT.dToWu], [FLOAT.wuToS, FLOAT.wuToD]],
  ["l", [FLOAT.sToL, FLOAT.dToL], [FLOAT.lToS, FLOAT.lToD]],
  ["lu", [FLOAT.sToLu, FLOAT.dToLu], [FLOAT.luToS, FLOAT.luToD]],
] as const;

function integerConversions(precision: Precision): readonly Instruction[] {
  const { suffix, format } = precision;
  return INTEGERS.flatMap(([integer, out, into], rs2) => [
    toInstruction(precision, {
      name: `fcvt.${integer}.${suffix}`,
      format: TO_INTEGER.format,
      fields: operationFields(precision, 0x18, { rs2 }),
      semantics: computed(TO_INTEGER, out[format]),
    }),
    toInstruction(precision, {
      name: `fcvt.${suffix}.${integer}`,
      format: FROM_INTEGER.format,
      fields: operationFields(precision, 0x1a, { rs2 }),
      semantics: computed(FROM_INTEGER, into[format]),
    }),
  ]);
}

function ofPrecision(precision: Precision): readonly Instruction[] {
  return [memory, fused, arithmetic, signs, moves, integerConversions].flatMap((rows) => rows(precision));
}

const PRECISION_CONVERSIONS: readonly Instruction[] = [
  toInstruction(DOUBLE, {
    name: "fcvt.s.d",
    format: "float-unary",
    fields: operationFields(SINGLE, 0x08, { rs2: 1 }),
    semantics: computed(ROOT, FLOAT.dToS),
  }),
  toInstruction(DOUBLE, {
    name: "fcvt.d.s",
    format: "float-unary",
    fields: operationFields(DOUBLE, 0x08, { rs2: 0 }),
    semantics: computed(ROOT, FLOAT.sToD),
  }),
];

/** "F" Extension for Single-Precision Floating-Point and "D" Extension for Double-Precision Floating-Point. */
export const FLOATING: readonly Instruction[] = [
  ...ofPrecision(SINGLE),
  ...ofPrecision(DOUBLE),
  ...PRECISION_CONVERSIONS,
];
