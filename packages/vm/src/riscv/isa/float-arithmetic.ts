import { FLOAT, OPERATION, operationOf } from "../../float/operations.ts";
import type { Value } from "../../ir/block.ts";
import type { IrBuilder, Semantics } from "../../ir/port.ts";
import { STATE } from "../../memory/layout.ts";
import { OP } from "../../wasm/opcodes.ts";
import {
  type Fast,
  fastArithmetic,
  fastComparison,
  fastExtreme,
  type FastPath,
  type FastPathOf,
  fastRoot,
} from "./float-fast.ts";
import { fastFromInteger, fastNarrow, fastToInteger, fastWiden } from "./float-fast-conversion.ts";
import { fastFusedDouble, fastFusedNarrow, type FusedSigns } from "./float-fast-fused.ts";
import { DOUBLE, HALF, operationFields, type Precision, SINGLE, toInstruction } from "./float-precision.ts";
import type { FormatName } from "./format.ts";
import type { Fields, Instruction } from "./instruction.ts";

const OPERANDS = [STATE.value, STATE.value2, STATE.value3] as const;

/** An operation: which, whether its instruction has a rounding mode, its operands' registers, and how the host would do it. */
type Computation = {
  readonly operation: number;
  readonly rounds: boolean;
  readonly sources: readonly number[];
  readonly fast: Fast;
};

/** All arithmetic, comparison and conversion: what may round, raise a flag, or meet a NaN. @returns raw, for a register */
function compute(builder: IrBuilder, { operation, rounds, sources, fast }: Computation): Value {
  const help = (): Value => {
    for (const [index, offset] of OPERANDS.entries()) {
      const source = sources[index];
      if (source !== undefined) builder.setState(OP.i64Store, offset, builder.get(source));
    }
    builder.float(rounds ? withRounding(builder, operation) : builder.constant32(operation));
    return builder.state(OP.i64Load, STATE.value);
  };
  return builder.choose(fast.holds, fast.result, help);
}

/** Adds the instruction's rounding mode to an operation. */
function withRounding(builder: IrBuilder, operation: number): Value {
  const rounding = builder.op(OP.i32Shl, builder.rounding(), builder.constant32(OPERATION.roundingShift));
  return builder.op(OP.i32Or, rounding, builder.constant32(operation));
}

/** How an operation gets its operands. */
type Kind = { readonly format: FormatName; readonly sources: 1 | 2 | 3; readonly rounds: boolean };

const ROUNDED: Kind = { format: "float-R", sources: 2, rounds: true };
const ROOT: Kind = { format: "float-unary", sources: 1, rounds: true };
const FUSED: Kind = { format: "R4", sources: 3, rounds: true };
const SELECTED: Kind = { format: "float-select", sources: 2, rounds: false };
const COMPARED: Kind = { format: "float-compare", sources: 2, rounds: false };
const TO_INTEGER: Kind = { format: "float-to-integer", sources: 1, rounds: true };
const FROM_INTEGER: Kind = { format: "integer-to-float", sources: 1, rounds: true };

function computed({ sources, rounds }: Kind, operation: number, fastPath: FastPath): Semantics {
  return (builder, operands) => {
    builder.requireFloat();
    const { rd, rs1, rs2, rs3 } = operands;
    const fast = fastPath(builder, operands);
    builder.set(rd, compute(builder, { operation, rounds, sources: [rs1, rs2, rs3].slice(0, sources), fast }));
  };
}

/** Name, fixed fields, the operation, and how the host does it. */
type ArithmeticRow = readonly [
  name: string,
  kind: Kind,
  fields: Partial<Fields> & { readonly funct5: number },
  operation: number,
  fast: FastPathOf,
];

const ARITHMETIC: readonly ArithmeticRow[] = [
  ["fadd", ROUNDED, { funct5: 0x00 }, FLOAT.add, fastArithmetic("Add")],
  ["fsub", ROUNDED, { funct5: 0x01 }, FLOAT.sub, fastArithmetic("Sub")],
  ["fmul", ROUNDED, { funct5: 0x02 }, FLOAT.mul, fastArithmetic("Mul")],
  ["fdiv", ROUNDED, { funct5: 0x03 }, FLOAT.div, fastArithmetic("Div")],
  ["fsqrt", ROOT, { funct5: 0x0b, rs2: 0 }, FLOAT.sqrt, fastRoot],
  ["fmin", SELECTED, { funct5: 0x05, funct3: 0 }, FLOAT.min, fastExtreme("Min")],
  ["fmax", SELECTED, { funct5: 0x05, funct3: 1 }, FLOAT.max, fastExtreme("Max")],
  ["fle", COMPARED, { funct5: 0x14, funct3: 0 }, FLOAT.le, fastComparison("Le")],
  ["flt", COMPARED, { funct5: 0x14, funct3: 1 }, FLOAT.lt, fastComparison("Lt")],
  ["feq", COMPARED, { funct5: 0x14, funct3: 2 }, FLOAT.eq, fastComparison("Eq")],
];

function arithmetic(precision: Precision): readonly Instruction[] {
  return ARITHMETIC.map(([name, kind, { funct5, ...fields }, operation, fast]) =>
    toInstruction(precision, {
      name: `${name}.${precision.suffix}`,
      format: kind.format,
      fields: operationFields(precision, funct5, fields),
      semantics: computed(kind, operationOf(operation, precision.format), fast(precision.host)),
    }),
  );
}

/** Name, major opcode, the operation, and the signs that it gives its operands. */
const FUSED_ROWS: readonly (readonly [name: string, opcode: number, operation: number, signs: FusedSigns])[] = [
  ["fmadd", 0x43, FLOAT.madd, { negatesProduct: false, negatesAddend: false }],
  ["fmsub", 0x47, FLOAT.msub, { negatesProduct: false, negatesAddend: true }],
  ["fnmsub", 0x4b, FLOAT.nmsub, { negatesProduct: true, negatesAddend: false }],
  ["fnmadd", 0x4f, FLOAT.nmadd, { negatesProduct: true, negatesAddend: true }],
];

function fused(precision: Precision): readonly Instruction[] {
  const fast = precision === DOUBLE ? fastFusedDouble : fastFusedNarrow;
  return FUSED_ROWS.map(([name, opcode, operation, signs]) =>
    toInstruction(precision, {
      name: `${name}.${precision.suffix}`,
      format: "R4",
      fields: { opcode, funct2: precision.format.code },
      semantics: computed(FUSED, operationOf(operation, precision.format), fast(signs)(precision.host)),
    }),
  );
}

/** Integer types, by what rs2 says, the conversions to and from them, and the host's name. */
const INTEGERS = [
  ["w", FLOAT.toW, FLOAT.fromW, "I32S"],
  ["wu", FLOAT.toWu, FLOAT.fromWu, "I32U"],
  ["l", FLOAT.toL, FLOAT.fromL, "I64S"],
  ["lu", FLOAT.toLu, FLOAT.fromLu, "I64U"],
] as const;

function integerConversions(precision: Precision): readonly Instruction[] {
  const { suffix, format, host } = precision;
  return INTEGERS.flatMap(([integer, out, into, hostName], rs2) => [
    toInstruction(precision, {
      name: `fcvt.${integer}.${suffix}`,
      format: TO_INTEGER.format,
      fields: operationFields(precision, 0x18, { rs2 }),
      semantics: computed(TO_INTEGER, operationOf(out, format), fastToInteger(hostName)(host)),
    }),
    toInstruction(precision, {
      name: `fcvt.${suffix}.${integer}`,
      format: FROM_INTEGER.format,
      fields: operationFields(precision, 0x1a, { rs2 }),
      semantics: computed(FROM_INTEGER, operationOf(into, format), fastFromInteger(hostName)(host)),
    }),
  ]);
}

/** Precisions, and the operation that converts from each. */
const SOURCES = [
  [HALF, FLOAT.fromHalf],
  [SINGLE, FLOAT.fromSingle],
  [DOUBLE, FLOAT.fromDouble],
] as const;

/** Conversions with half precision are Zfh's, which leaves those with f64 out where there is no D; the others are D's. */
function extensionOf(source: Precision, target: Precision): Precision {
  return source === HALF || target === HALF ? HALF : DOUBLE;
}

function precisionConversion(source: Precision, operation: number, target: Precision): Instruction {
  const isWidening = target.format.precision > source.format.precision;
  const fast = (isWidening ? fastWiden : fastNarrow)(source.host, target.host);
  return toInstruction(extensionOf(source, target), {
    name: `fcvt.${target.suffix}.${source.suffix}`,
    format: "float-unary",
    fields: operationFields(target, 0x08, { rs2: source.format.code }),
    semantics: computed(ROOT, operationOf(operation, target.format), fast),
  });
}

/** Between the precisions. */
export const PRECISION_CONVERSIONS: readonly Instruction[] = SOURCES.flatMap(([source, operation]) =>
  SOURCES.filter(([target]) => target !== source).map(([target]) => precisionConversion(source, operation, target)),
);

/** Arithmetic, comparison and conversion in one precision. */
export function floatArithmetic(precision: Precision): readonly Instruction[] {
  return [fused, arithmetic, integerConversions].flatMap((rows) => rows(precision));
}
