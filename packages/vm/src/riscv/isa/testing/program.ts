import { FLOAT_EDGES, HALF_EDGES, INTEGER_EDGES, pairsOf, someOf, type Triple } from "./operands.ts";
import { COMPRESSED_VARIANTS } from "./compressed-variants.ts";
import { WORD_VARIANTS, type Surrounding, type Variant } from "./variants.ts";

/** All that the program runs, in order. */
export const VARIANTS: readonly Variant[] = [...WORD_VARIANTS, ...COMPRESSED_VARIANTS];

/** Bytes that each run of an instruction writes: seven doublewords. */
const RECORD_BYTES = 56;

const TABLES: Readonly<Record<string, readonly Triple[]>> = {
  integer_some: someOf(INTEGER_EDGES),
  integer_all: pairsOf(INTEGER_EDGES),
  float_some: someOf(FLOAT_EDGES),
  float_all: pairsOf(FLOAT_EDGES),
  half_some: someOf(HALF_EDGES),
  half_all: pairsOf(HALF_EDGES),
};

/** Before the tested instruction: operands into registers and memory, from the table's row at s0. a1 points into `scratch` where memory is tested, and sp always. */
const PREPARE: Readonly<Record<Surrounding, readonly string[]>> = {
  integer: ["ld a1, 0(s0)", "ld a2, 8(s0)", "ld a0, 16(s0)"],
  float: ["fld fa1, 0(s0)", "fld fa2, 8(s0)", "fld fa3, 16(s0)", "fld fa0, 16(s0)", "ld a1, 0(s0)", "li a0, 7"],
  memory: [
    "ld a3, 0(s0)",
    "sd a3, 24(s3)",
    "sd a3, 32(s3)",
    "sd a3, 40(s3)",
    "ld a2, 8(s0)",
    "addi a1, s3, 32",
    "li a0, 7",
  ],
  "float-memory": [
    "ld a3, 0(s0)",
    "sd a3, 24(s3)",
    "sd a3, 32(s3)",
    "sd a3, 40(s3)",
    "fld fa2, 8(s0)",
    "fld fa1, 8(s0)",
    "addi a1, s3, 32",
  ],
  "jump-register": ["li a0, 7", "li a2, 9"],
};

/** After it: what it may have changed, to s1. */
const SAVE: Readonly<Record<Surrounding, readonly string[]>> = {
  integer: [
    "frcsr a3",
    "sd a0, 0(s1)",
    "sd a1, 8(s1)",
    "sd a2, 16(s1)",
    "sd a3, 24(s1)",
    "sd sp, 32(s1)",
    "sd ra, 40(s1)",
    "addi sp, s3, 32",
    "fscsr zero",
  ],
  float: [
    "frcsr a3",
    "fsd fa0, 0(s1)",
    "fsd fa1, 8(s1)",
    "fsd fa2, 16(s1)",
    "fsd fa3, 24(s1)",
    "sd a0, 32(s1)",
    "sd a1, 40(s1)",
    "sd a3, 48(s1)",
    "fscsr zero",
  ],
  memory: [
    "ld a3, 24(s3)",
    "sd a3, 0(s1)",
    "ld a3, 32(s3)",
    "sd a3, 8(s1)",
    "ld a3, 40(s3)",
    "sd a3, 16(s1)",
    "sd a0, 24(s1)",
    "sd a1, 32(s1)",
    "sd a2, 40(s1)",
  ],
  "float-memory": [
    "ld a3, 24(s3)",
    "sd a3, 0(s1)",
    "ld a3, 32(s3)",
    "sd a3, 8(s1)",
    "ld a3, 40(s3)",
    "sd a3, 16(s1)",
    "fsd fa0, 24(s1)",
    "fsd fa1, 32(s1)",
    "fsd fa2, 40(s1)",
    "sd a1, 48(s1)",
  ],
  "jump-register": ["sd a0, 0(s1)", "sd a1, 8(s1)", "sd a2, 16(s1)", "sd ra, 24(s1)"],
};

function edgesOf({ surrounding, instruction }: Variant): string {
  if (!surrounding.startsWith("float")) return "integer";
  return instruction.extension === "Zfh" ? "half" : "float";
}

function tableOf(variant: Variant): string {
  return `${edgesOf(variant)}_${variant.isThorough ? "all" : "some"}`;
}

function rowsOf(variant: Variant): number {
  return TABLES[tableOf(variant)]?.length ?? 0;
}

/** jalr jumps over one instruction, to label 2, or a byte behind it: its lowest bit is dropped. */
function aim({ surrounding, fields }: Variant): readonly string[] {
  return surrounding === "jump-register" ? ["lla a1, 2f + 1", `addi a1, a1, ${-(fields.immediate ?? 0)}`] : [];
}

/** A loop over the rows of a table. What is tested may branch or jump over one instruction, and that shows in a2. */
function assembleVariant(variant: Variant): string {
  const body = [
    ...PREPARE[variant.surrounding],
    ...variant.before,
    ...aim(variant),
    `.${variant.length}byte ${variant.bits >>> 0}`,
    "addi a2, a2, 1",
    "2:",
    ...SAVE[variant.surrounding],
  ];
  const next = [`addi s1, s1, ${RECORD_BYTES}`, "addi s0, s0, 24", "addi s2, s2, -1", "bnez s2, 1b"];
  return [`lla s0, ${tableOf(variant)}`, `li s2, ${rowsOf(variant)}`, "1:", ...body, ...next].join("\n");
}

function assembleTable([name, rows]: readonly [string, readonly Triple[]]): string {
  return [`${name}:`, ...rows.map((row) => `.dword ${row.join(", ")}`)].join("\n");
}

const TOTAL_RECORDS = VARIANTS.reduce((total, variant) => total + rowsOf(variant), 0);
const RESULT_BYTES = TOTAL_RECORDS * RECORD_BYTES;

const WRITE_AND_EXIT = `
  lla a1, results
  li a2, ${RESULT_BYTES}
1: li a0, 1
  li a7, 64
  ecall
  add a1, a1, a0
  sub a2, a2, a0
  bnez a2, 1b
  li a0, 0
  li a7, 93
  ecall`;

/** A program for Linux that runs every variant with its operands, and writes to standard output what came of each. */
export function assembleProgram(): string {
  return [
    ".option norvc\n.option norelax\n.globl _start\n_start:",
    "lla s1, results\nlla s3, scratch\naddi sp, s3, 32\nli ra, 5",
    ...VARIANTS.map(assembleVariant),
    WRITE_AND_EXIT,
    ".balign 8",
    ...Object.entries(TABLES).map(assembleTable),
    `.bss\n.balign 8\nscratch: .space 64\nresults: .space ${RESULT_BYTES}\n`,
  ].join("\n");
}

/** What made a part of the output. */
export type Origin = { readonly variant: Variant; readonly operands: Triple };

/** The variant and the operands that a byte of the output belongs to; undefined behind its end. */
export function originOf(offset: number): Origin | undefined {
  let record = Math.floor(offset / RECORD_BYTES);
  for (const variant of VARIANTS) {
    const operands = TABLES[tableOf(variant)]?.[record];
    if (operands !== undefined) return { variant, operands };
    record -= rowsOf(variant);
  }
  return undefined;
}
