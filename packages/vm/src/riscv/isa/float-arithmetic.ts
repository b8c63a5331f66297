import { FLOAT } from "../../float/operations.ts";
import type { Value } from "../../ir/block.ts";
import type { IrBuilder, Semantics } from "../../ir/port.ts";
import { STATE } from "../../memory/layout.ts";
import { OP } from "../../wasm/opcodes.ts";
import {
  type Fast,
  fastArithmetic,
  fastComparison,
  fastExtreme,
  fastFromInteger,
  fastFusedSingle,
  fastNarrow,
  type FastPath,
  type FastPathOf,
  fastRoot,
  fastToInteger,
  fastWiden,
} from "./float-fast.ts";
import { DOUBLE, operationFields, type Precision, SINGLE, toInstruction } from "./float-precision.ts";
import type { FormatName } from "./format.ts";
import type { Fields, Instruction } from "./instruction.ts";

const OPERANDS = [STATE.value, STATE.value2, STATE.value3] as const;

/** An operation: which, whether its instruction has a rounding mode, its operands' registers, and how the host would do it. */
type Computation = {
  readonly operation: number;
  readonly rounds: boolean;
  readonly sources: readonly number[];
  readonly fast: Fast | undefined;
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
  return fast ? builder.choose(fast.holds, fast.result, help) : help();
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

function computed({ sources, rounds }: Kind, operation: number, fastPath?: FastPath): Semantics {
  return (builder, operands) => {
    builder.requireFloat();
    const { rd, rs1, rs2, rs3 } = operands;
    const fast = fastPath?.(builder, operands);
    builder.set(rd, compute(builder, { operation, rounds, sources: [rs1, rs2, rs3].slice(0, sources), fast }));
  };
}

/** Name, fixed fields, the operation in both precisions, and how the host does it. */
type ArithmeticRow = readonly [
  name: string,
  kind: Kind,
  fields: Partial<Fields> & { readonly funct5: number },
  operations: readonly [single: number, double: number],
  fast?: FastPathOf,
];

const ARITHMETIC: readonly ArithmeticRow[] = [
  ["fadd", ROUNDED, { funct5: 0x00 }, [FLOAT.addS, FLOAT.addD], fastArithmetic("Add")],
  ["fsub", ROUNDED, { funct5: 0x01 }, [FLOAT.subS, FLOAT.subD], fastArithmetic("Sub")],
  ["fmul", ROUNDED, { funct5: 0x02 }, [FLOAT.mulS, FLOAT.mulD], fastArithmetic("Mul")],
  ["fdiv", ROUNDED, { funct5: 0x03 }, [FLOAT.divS, FLOAT.divD], fastArithmetic("Div")],
  ["fsqrt", ROOT, { funct5: 0x0b, rs2: 0 }, [FLOAT.sqrtS, FLOAT.sqrtD], fastRoot],
  ["fmin", SELECTED, { funct5: 0x05, funct3: 0 }, [FLOAT.minS, FLOAT.minD], fastExtreme("Min")],
  ["fmax", SELECTED, { funct5: 0x05, funct3: 1 }, [FLOAT.maxS, FLOAT.maxD], fastExtreme("Max")],
  ["fle", COMPARED, { funct5: 0x14, funct3: 0 }, [FLOAT.leS, FLOAT.leD], fastComparison("Le")],
  ["flt", COMPARED, { funct5: 0x14, funct3: 1 }, [FLOAT.ltS, FLOAT.ltD], fastComparison("Lt")],
  ["feq", COMPARED, { funct5: 0x14, funct3: 2 }, [FLOAT.eqS, FLOAT.eqD], fastComparison("Eq")],
  ["fclass", CLASSIFIED, { funct5: 0x1c, rs2: 0, funct3: 1 }, [FLOAT.classS, FLOAT.classD]],
];

function arithmetic(precision: Precision): readonly Instruction[] {
  return ARITHMETIC.map(([name, kind, { funct5, ...fields }, operations, fast]) =>
    toInstruction(precision, {
      name: `${name}.${precision.suffix}`,
      format: kind.format,
      fields: operationFields(precision, funct5, fields),
      semantics: computed(kind, operations[precision.format], fast?.(precision.host)),
    }),
  );
}

const FUSED_ROWS = [
  [
    "fmadd",
    0x43,
    [FLOAT.maddS, FLOAT.maddD],
    fastFusedSingle((builder, product, addend) => builder.op(OP.f64Add, product, addend)),
  ],
  [
    "fmsub",
    0x47,
    [FLOAT.msubS, FLOAT.msubD],
    fastFusedSingle((builder, product, addend) => builder.op(OP.f64Sub, product, addend)),
  ],
  [
    "fnmsub",
    0x4b,
    [FLOAT.nmsubS, FLOAT.nmsubD],
    fastFusedSingle((builder, product, addend) => builder.op(OP.f64Sub, addend, product)),
  ],
  [
    "fnmadd",
    0x4f,
    [FLOAT.nmaddS, FLOAT.nmaddD],
    fastFusedSingle((builder, product, addend) => builder.op(OP.f64Neg, builder.op(OP.f64Add, product, addend))),
  ],
] as const;

function fused(precision: Precision): readonly Instruction[] {
  return FUSED_ROWS.map(([name, opcode, operations, fastSingle]) =>
    toInstruction(precision, {
      name: `${name}.${precision.suffix}`,
      format: "R4",
      fields: { opcode, funct2: precision.format },
      semantics: computed(FUSED, operations[precision.format], precision === SINGLE ? fastSingle : undefined),
    }),
  );
}

/** Integer types, by what rs2 says, the conversions to and from them, and the host's name. */
const INTEGERS = [
  ["w", [FLOAT.sToW, FLOAT.dToW], [FLOAT.wToS, FLOAT.wToD], "I32S"],
  ["wu", [FLOAT.sToWu, FLOAT.dToWu], [FLOAT.wuToS, FLOAT.wuToD], "I32U"],
  ["l", [FLOAT.sToL, FLOAT.dToL], [FLOAT.lToS, FLOAT.lToD], "I64S"],
  ["lu", [FLOAT.sToLu, FLOAT.dToLu], [FLOAT.luToS, FLOAT.luToD], "I64U"],
] as const;

function integerConversions(precision: Precision): readonly Instruction[] {
  const { suffix, format, host } = precision;
  return INTEGERS.flatMap(([integer, out, into, hostName], rs2) => [
    toInstruction(precision, {
      name: `fcvt.${integer}.${suffix}`,
      format: TO_INTEGER.format,
      fields: operationFields(precision, 0x18, { rs2 }),
      semantics: computed(TO_INTEGER, out[format], fastToInteger(hostName)(host)),
    }),
    toInstruction(precision, {
      name: `fcvt.${suffix}.${integer}`,
      format: FROM_INTEGER.format,
      fields: operationFields(precision, 0x1a, { rs2 }),
      semantics: computed(FROM_INTEGER, into[format], fastFromInteger(hostName)(host)),
    }),
  ]);
}

/** Between the precisions. */
export const PRECISION_CONVERSIONS: readonly Instruction[] = [
  toInstruction(DOUBLE, {
    name: "fcvt.s.d",
    format: "float-unary",
    fields: operationFields(SINGLE, 0x08, { rs2: 1 }),
    semantics: computed(ROOT, FLOAT.dToS, fastNarrow),
  }),
  toInstruction(DOUBLE, {
    name: "fcvt.d.s",
    format: "float-unary",
    fields: operationFields(DOUBLE, 0x08, { rs2: 0 }),
    semantics: computed(ROOT, FLOAT.sToD, fastWiden),
  }),
];

/** Arithmetic, comparison, classification and conversion in one precision. */
export function floatArithmetic(precision: Precision): readonly Instruction[] {
  return [fused, arithmetic, integerConversions].flatMap((rows) => rows(precision));
}
